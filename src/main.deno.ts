// The entry point on Deno: picks the runtime and ends the process with the command's exit code.

import process from "node:process";
import { main } from "./cli/main.ts";
import { nodeRuntime } from "./runtime/node.ts";

// Explicit, because a gateway that was stopped at once may leave handles behind that would keep the process alive.
process.exit(await main(nodeRuntime("deno", process.versions["deno"] ?? "unknown"), process.argv.slice(2)));
