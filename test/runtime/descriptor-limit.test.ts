import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parseDescriptorLimit } from "../../src/runtime/descriptor-limit.ts";

const HEADER = "Limit                     Soft Limit           Hard Limit           Units     \n";

test("the soft limit is taken, not the hard one", () => {
  const text = `${HEADER}Max processes             7                    7                    processes \nMax open files            1024                 524288               files     \n`;
  expect(parseDescriptorLimit(text)).toBe(1024);
});

test("no limit, and a text that says nothing of open files, are undefined", () => {
  const text = `${HEADER}Max open files            unlimited            unlimited            files     \n`;
  expect(parseDescriptorLimit(text)).toBeUndefined();
  expect(parseDescriptorLimit("")).toBeUndefined();
});

test.skipIf(process.platform !== "linux")("the limits of this very process can be read (Linux only)", () => {
  expect(parseDescriptorLimit(readFileSync("/proc/self/limits", "latin1"))).toBeGreaterThan(0);
});
