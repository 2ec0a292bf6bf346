// The bare relay of `relay.ts` as a subject.

import type { Subject } from "./subject.ts";

/** A relay on Bun without any features. */
export const bareRelay: Subject = {
  key: "relay",
  name: `bare relay, Bun ${Bun.version}`,
  prepare: ({ port, backendPort }) =>
    Promise.resolve({ command: [process.execPath, `${import.meta.dir}/relay.ts`, `${port}`, `${backendPort}`] }),
};
