// Idle memory: how much resident memory grows for each connection that has exchanged 64 bytes and then stays open. On a
// fresh process each time, because memory that was used and freed before would hide the growth.

import type { Column } from "./column.ts";
import { settledKiB } from "./process-tree.ts";

/** Connections opened and closed beforehand, so that what is loaded on first use is not counted as growth. */
const WARM_UP_CONNECTIONS = 100;

/** The idle column. */
export const idle: Column = {
  key: "idle",
  service: "tcp",
  heading: "idle connection, KB RSS",
  asideHeading: "RSS at rest, MB",
  digits: 2,
  goal: { ratio: 1, to: "HAProxy" },
  fresh: true,
  async measure({ pid, port }, load, { idleConnections }) {
    if (pid === undefined) return { cost: undefined, aside: undefined };
    await load.order({ do: "hold", port, count: WARM_UP_CONNECTIONS });
    await load.order({ do: "release" });
    const before = await settledKiB(pid);
    await load.order({ do: "hold", port, count: idleConnections });
    const after = await settledKiB(pid);
    await load.order({ do: "release" });
    return { cost: (after - before) / idleConnections, aside: before / 1024 };
  },
};
