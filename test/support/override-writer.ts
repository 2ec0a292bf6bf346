// A process of its own that sets backends by hand and names each one on stdout once the store has confirmed it.
// Argument: state file.

import { Database } from "bun:sqlite";
import { openOverrideStore } from "../../src/app/overrides.ts";
import { adaptDatabase } from "../../src/runtime/database.ts";

const [path = ""] = process.argv.slice(2);
const store = openOverrideStore(adaptDatabase(path, () => new Database(path)));
for (let index = 0; ; index++) {
  const backend = `b${index}`;
  store.put(
    [
      { route: "a", backend, weight: index },
      { route: "b", backend, state: "drain" },
    ],
    new Date(),
  );
  await Bun.write(Bun.stdout, `${backend}\n`);
}
