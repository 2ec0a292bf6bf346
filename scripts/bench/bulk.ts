// Bulk: two uploads and two downloads at once. The cost counts each byte once, whichever way it went. How much is on the
// way at a time decides what a proxy with large reads costs: what still lies in the cache is copied at half the price.
// Hence two columns: senders that write as fast as loopback takes it, and senders with a window as networks have it.

import { chargeCpu, type Column, type Effort } from "./column.ts";

/** Senders without a limit of their own: megabytes of socket buffers are full all the time. */
export const bulk: Column = bulkColumn("bulk", "bulk", () => "unlimited");

/** Senders that keep a window's worth on the way. */
export const windowed: Column = bulkColumn("window", "bulk in a window", ({ windowKiB }) => windowKiB * 1024);

function bulkColumn(key: string, name: string, windowBytes: (effort: Effort) => number | "unlimited"): Column {
  return {
    key,
    heading: `${name}, CPU s/GB`,
    asideHeading: `${name}, GB/s`,
    digits: 3,
    goal: { ratio: 0.75, to: "better peer" },
    fresh: false,
    async measure(running, load, effort) {
      const { port } = running;
      const order = { do: "bulk", port, seconds: effort.seconds, windowBytes: windowBytes(effort) } as const;
      const { cpu, work } = await chargeCpu(running, load, order);
      const gigabytes = work.units / 1e9;
      return { cost: cpu === undefined ? undefined : cpu / gigabytes, aside: gigabytes / work.seconds };
    },
  };
}
