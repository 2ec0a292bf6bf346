// Connect: a new connection, 64 bytes there and back, and an orderly close. Through TLS, with a full handshake first,
// which the proxy does itself (terminate) or only reads the first message of (passthrough).

import { chargeCpu, type Column } from "./column.ts";

type Words = Pick<Column, "key" | "service" | "heading" | "asideHeading" | "perCpuSecond" | "goal">;

/** The connect column. */
export const connect: Column = connectColumn({
  key: "connect",
  service: "tcp",
  heading: "new connection, CPU µs",
  asideHeading: "thousand connections/s",
  goal: { ratio: 1.25, to: "better peer" },
});

/** TLS 1.3 handshakes with a P-256 certificate. */
export const terminateConnect: Column = connectColumn({
  key: "terminate-connect",
  service: "terminate",
  heading: "TLS handshake, CPU µs",
  asideHeading: "thousand handshakes/s",
  perCpuSecond: "TLS handshakes per CPU second",
  goal: { ratio: 1, to: "HAProxy" },
});

/** Connections that are routed by the name in their ClientHello. */
export const passthroughConnect: Column = connectColumn({
  key: "passthrough-connect",
  service: "passthrough",
  heading: "connection by SNI, CPU µs",
  asideHeading: "thousand connections by SNI/s",
  perCpuSecond: "connections by SNI per CPU second",
  goal: { ratio: 1, to: "HAProxy" },
});

function connectColumn(words: Words): Column {
  return {
    ...words,
    digits: 1,
    fresh: false,
    async measure(running, load, { seconds }) {
      const { port, clientTls } = running;
      const { cpu, work } = await chargeCpu(running, load, { do: "connect", port, seconds, tls: clientTls });
      return { cost: cpu === undefined ? undefined : (cpu * 1e6) / work.units, aside: work.units / work.seconds / 1e3 };
    },
  };
}
