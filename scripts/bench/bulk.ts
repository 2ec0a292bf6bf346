// Bulk: two uploads and two downloads at once. The cost counts each byte once, whichever way it went.

import { chargeCpu, type Column } from "./column.ts";

/** The bulk column. */
export const bulk: Column = {
  key: "bulk",
  heading: "bulk, CPU s/GB",
  asideHeading: "bulk, GB/s",
  digits: 3,
  goal: { ratio: 0.75, to: "better peer" },
  fresh: false,
  async measure(running, load, { seconds }) {
    const { cpu, work } = await chargeCpu(running, load, { do: "bulk", port: running.port, seconds });
    const gigabytes = work.units / 1e9;
    return { cost: cpu === undefined ? undefined : cpu / gigabytes, aside: gigabytes / work.seconds };
  },
};
