// Bulk: two uploads and two downloads at once. The cost counts each byte once, whichever way it went, and without what TLS
// adds. How much is on the way at a time decides what a proxy with large reads costs: what still lies in the cache is
// copied at half the price. Hence two columns: senders that write as fast as loopback takes it, and senders with a window
// as networks have it.

import { chargeCpu, type Column, type Effort } from "./column.ts";

type Window = (effort: Effort) => number | "unlimited";

/** Senders without a limit of their own: megabytes of socket buffers are full all the time. */
const unlimited: Window = () => "unlimited";

/** Senders that keep a window's worth on the way. */
const limited: Window = ({ windowKiB }) => windowKiB * 1024;

const PLAIN_GOAL: Column["goal"] = { ratio: 0.75, to: "better peer" };
const TLS_GOAL: Column["goal"] = { ratio: 1, to: "HAProxy" };

/** In plain. */
export const bulk: Column = bulkColumn("bulk", "tcp", "bulk", unlimited, PLAIN_GOAL);
export const windowed: Column = bulkColumn("window", "tcp", "bulk in a window", limited, PLAIN_GOAL);

/** Clients speak TLS, the backend does not. */
export const terminateBulk: Column = bulkColumn("terminate-bulk", "terminate", "TLS bulk", unlimited, TLS_GOAL);
export const terminateWindow: Column = bulkColumn(
  "terminate-window",
  "terminate",
  "TLS bulk in a window",
  limited,
  TLS_GOAL,
);

/** Both ends speak TLS, the proxy does not. */
export const passthroughBulk: Column = bulkColumn("passthrough-bulk", "passthrough", "SNI bulk", unlimited, TLS_GOAL);
export const passthroughWindow: Column = bulkColumn(
  "passthrough-window",
  "passthrough",
  "SNI bulk in a window",
  limited,
  TLS_GOAL,
);

function bulkColumn(
  key: string,
  service: Column["service"],
  name: string,
  windowBytes: Window,
  goal: Column["goal"],
): Column {
  return {
    key,
    service,
    heading: `${name}, CPU s/GB`,
    asideHeading: `${name}, GB/s`,
    digits: 3,
    goal,
    fresh: false,
    async measure(running, load, effort) {
      const { port, clientTls: tls } = running;
      const order = { do: "bulk", port, seconds: effort.seconds, windowBytes: windowBytes(effort), tls } as const;
      const { cpu, work } = await chargeCpu(running, load, order);
      const gigabytes = work.units / 1e9;
      return { cost: cpu === undefined ? undefined : cpu / gigabytes, aside: gigabytes / work.seconds };
    },
  };
}
