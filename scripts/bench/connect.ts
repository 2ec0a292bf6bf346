// Connect: a new connection, 64 bytes there and back, and an orderly close.

import { chargeCpu, type Column } from "./column.ts";

/** The connect column. */
export const connect: Column = {
  key: "connect",
  heading: "new connection, CPU µs",
  asideHeading: "thousand connections/s",
  digits: 1,
  goal: { ratio: 1.25, to: "better peer" },
  fresh: false,
  async measure(running, load, { seconds }) {
    const { cpu, work } = await chargeCpu(running, load, { do: "connect", port: running.port, seconds });
    return { cost: cpu === undefined ? undefined : (cpu * 1e6) / work.units, aside: work.units / work.seconds / 1e3 };
  },
};
