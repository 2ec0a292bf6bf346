// A server that accepts nothing and whose backlog is full: a connect to it is answered by nobody, as in a black hole.

import { connect } from "node:net";
import { eventually } from "./eventually.ts";

export interface StalledServer extends AsyncDisposable {
  readonly port: number;
}

/** What the kernel keeps for Bun's listeners before it leaves a SYN without an answer. */
const BACKLOG = 512;
/** The kernel takes one more than the backlog; the rest is left waiting. */
const DIALS = BACKLOG + 8;

const SOURCE = `
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  require("fs").writeSync(1, listener.port + "\\n");
  require("fs").readSync(0, Buffer.alloc(1)); // Its event loop stands still.`;

/** Starts it. */
export async function startStalledServer(): Promise<StalledServer> {
  const child = Bun.spawn([process.execPath, "-e", SOURCE], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const first = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(first.value));
  let connected = 0;
  const held = Array.from({ length: DIALS }, () =>
    connect({ host: "127.0.0.1", port })
      .on("connect", () => connected++)
      .on("error", () => {}),
  );
  await eventually(() => connected > BACKLOG);
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of held) socket.destroy();
      child.kill();
      await child.exited;
    },
  };
}
