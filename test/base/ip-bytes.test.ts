import { expect, test } from "bun:test";
import { readIp4, readIp6, writeIp6 } from "../../src/base/ip-bytes.ts";
import { formatIp, type Ip, parseIp } from "../../src/base/ip.ts";

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(`No address: ${text}`);
  return parsed;
}

test("four bytes are an IPv4 address", () => {
  const view = new DataView(Uint8Array.of(9, 192, 0, 2, 255).buffer);
  expect(formatIp(readIp4(view, 1))).toBe("192.0.2.255");
});

test("an IPv6 address is what was written, and an IPv4 one comes back as IPv4", () => {
  for (const text of ["::", "::1", "2001:db8::ffff:1", "::fffe:1:2", "ffff:ffff::", "192.0.2.1", "255.255.255.255"]) {
    const view = new DataView(new ArrayBuffer(20));
    writeIp6(view, 3, ip(text));
    expect(formatIp(readIp6(view, 3))).toBe(text);
  }
});

test("the IPv4-mapped form is the one that sockets use", () => {
  const view = new DataView(new ArrayBuffer(16));
  writeIp6(view, 0, ip("192.0.2.1"));
  expect(new Uint8Array(view.buffer).toHex()).toBe("00000000000000000000ffffc0000201");
});
