// Request: 64 bytes there and back, over 50 connections that stay open.

import { chargeCpu, type Column } from "./column.ts";

/** The request column. */
export const request: Column = {
  key: "request",
  service: "tcp",
  heading: "request (50 conns), CPU µs",
  asideHeading: "thousand requests/s",
  digits: 1,
  goal: { ratio: 1.25, to: "better peer" },
  fresh: false,
  async measure(running, load, { seconds }) {
    const { cpu, work } = await chargeCpu(running, load, { do: "request", port: running.port, seconds });
    return { cost: cpu === undefined ? undefined : (cpu * 1e6) / work.units, aside: work.units / work.seconds / 1e3 };
  },
};
