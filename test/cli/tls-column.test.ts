import { describe, expect, test } from "bun:test";
import { createPaint, formatTable } from "../../src/cli/table.ts";
import { tlsColumns } from "../../src/cli/tls-column.ts";

const NOW = Date.UTC(2026, 0, 31);
const DAY_MS = 86_400_000;

/** Valid from a year ago until so many days from now. */
function validFor(days: number): Record<string, string> {
  return { notBefore: iso(-365), notAfter: iso(days) };
}

function iso(days: number): string {
  return new Date(NOW + days * DAY_MS).toISOString();
}

/** A route that terminates TLS with this certificate. */
function tls(certificate: unknown) {
  return { tls: { mode: "terminate", hostnames: ["a"], certificate } };
}

/** The lines of the column below its title. */
function cells(rows: readonly Record<string, unknown>[], color = false): string[] {
  const paint = createPaint(color);
  return formatTable(tlsColumns(rows, paint, NOW), rows, paint)
    .split("\n")
    .slice(1, -1);
}

test("says what becomes of TLS, and for which names", () => {
  const many = ["db.example.com", "*.x", "a", "b"];
  expect(
    cells([
      { tls: { mode: "terminate", hostnames: many, certificate: validFor(90) } },
      { tls: { mode: "passthrough", hostnames: [] } },
      { tls: { mode: "passthrough", hostnames: ["db.example.com", "*.x"] }, upstreamTls: { insecure: false } },
      { upstreamTls: { insecure: true } },
      {},
    ]),
  ).toEqual([
    "terminate db.example.com,*.x,+2",
    "passthrough *",
    "passthrough db.example.com,*.x; upstream",
    "upstream insecure",
    "-",
  ]);
});

test("is not there when no route has to do with TLS", () => {
  expect(tlsColumns([{ name: "a" }, {}], createPaint(false), NOW)).toEqual([]);
});

describe("certificates", () => {
  test.each([
    [validFor(31), "terminate a"],
    [validFor(30), "terminate a"],
    [validFor(29.5), "terminate a (expires in 29d 12h)"],
    [validFor(0.25), "terminate a (expires in 6h)"],
    [validFor(0), "terminate a (expired)"],
    [validFor(-1), "terminate a (expired)"],
    [{ notBefore: iso(1), notAfter: iso(90) }, "terminate a (not valid yet)"],
    [{ notBefore: 1, notAfter: "tomorrow" }, "terminate a"],
    [undefined, "terminate a"],
    [null, "terminate a"],
  ])("%j: %s", (certificate, wanted) => {
    expect(cells([tls(certificate)])).toEqual([wanted]);
  });

  test("of the gateway as a client are looked after too", () => {
    const upstreamTls = { insecure: false, certificate: validFor(2) };
    expect(cells([{ ...tls(validFor(90)), upstreamTls }])).toEqual(["terminate a; upstream (expires in 2d)"]);
  });

  test("stand out by colour, the worst of a row counts", () => {
    const upstreamTls = { insecure: true };
    expect(cells([tls(validFor(90))], true)[0]).not.toContain("\u001b");
    expect(cells([tls(validFor(5))], true)[0]).toStartWith("\u001b[33m");
    expect(cells([{ upstreamTls }], true)[0]).toStartWith("\u001b[33m");
    expect(cells([{ ...tls(validFor(-1)), upstreamTls }], true)[0]).toStartWith("\u001b[31m");
  });
});

test("a long name loses its end, and an answer of another shape is no crash", () => {
  expect(cells([{ tls: { mode: "passthrough", hostnames: [`${"x".repeat(60)}.example.com`] } }])).toEqual([
    `passthrough ${"x".repeat(39)}…`,
  ]);
  expect(cells([{ tls: 3, upstreamTls: null }, { tls: { mode: [], hostnames: "x" } }])).toEqual([
    "- *; upstream",
    "- *",
  ]);
});
