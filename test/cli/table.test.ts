import { describe, expect, test } from "bun:test";
import { formatAdminAddress, parseAdminAddress } from "../../src/cli/admin-address.ts";
import { formatBytes, formatCount, formatDuration } from "../../src/cli/quantity.ts";
import { createPaint, formatTable } from "../../src/cli/table.ts";

describe("tables", () => {
  test("are aligned whatever is painted, and end no line with spaces", () => {
    const columns = [
      { title: "NAME", value: (row: readonly string[]) => row[0] ?? "", paint: (text: string) => `<${text}>` },
      { title: "N", value: (row: readonly string[]) => row[1] ?? "", right: true },
      { title: "REST", value: (row: readonly string[]) => row[2] ?? "" },
    ];
    const rows = [
      ["a", "1", ""],
      ["$&bc", "10", "x"],
    ];
    expect(formatTable(columns, rows, createPaint(false))).toBe("NAME   N  REST\n<a>      1\n<$&bc>  10  x\n");
  });
});

describe("quantities", () => {
  test("read well", () => {
    expect([0, 1023, 1024, 1_572_864, 2 ** 60].map(formatBytes)).toEqual([
      "0 B",
      "1023 B",
      "1.0 KiB",
      "1.5 MiB",
      "1024.0 PiB",
    ]);
    expect([0, 999, 1000, 60_000, 3_725_000, 90_000_000].map(formatDuration)).toEqual([
      "0ms",
      "999ms",
      "1s",
      "1m",
      "1h 2m",
      "1d 1h",
    ]);
    expect([0, 1, 2].map((count) => formatCount(count, "route"))).toEqual(["0 routes", "1 route", "2 routes"]);
  });
});

describe("admin addresses", () => {
  test.each([
    ["4040", { host: "127.0.0.1", port: 4040 }],
    ["localhost:1", { host: "127.0.0.1", port: 1 }],
    ["[::1]:4040", { host: "::1", port: 4040 }],
    ["gateway.example:80", { host: "gateway.example", port: 80 }],
    ["unix:/run/a.sock", { unix: "/run/a.sock" }],
  ])("%s is one", (text, wanted) => {
    expect(parseAdminAddress(text)).toEqual(wanted);
  });

  test.each(["", ":4040", "a", "::1:4040", "a:", "a:70000", "http://a:1", "a b:1", "unix:", "[a]b:1", "u@h:1"])(
    "%j is none",
    (text) => {
      expect(parseAdminAddress(text)).toBeUndefined();
    },
  );

  test("are shown so that they can be opened", () => {
    expect(formatAdminAddress({ host: "::1", port: 1 })).toBe("http://[::1]:1");
    expect(formatAdminAddress({ unix: "/a" })).toBe("unix:/a");
  });
});
