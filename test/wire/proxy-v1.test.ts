import { describe, expect, test } from "bun:test";
import { writeProxyV1 } from "../../src/wire/proxy-v1.ts";
import { growing } from "../support/prefixes.ts";
import { headerOf, refusalOf } from "../support/proxy-header.ts";
import { readProxyHeader } from "../../src/wire/proxy-protocol.ts";
import { Random } from "../support/random.ts";
import { randomEndpoint } from "../support/random-endpoint.ts";

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const read = (text: string) => headerOf(bytesOf(text));
const tlvs = { other: [] };

function line(source: string, destination: string): string {
  const addresses = { source: { host: source, port: 1000 }, destination: { host: destination, port: 5432 } };
  return new TextDecoder().decode(writeProxyV1(addresses));
}

describe("a line", () => {
  test("tells both ends", () => {
    expect(read("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n")).toEqual({
      version: 1,
      local: false,
      source: { host: "192.168.0.1", port: 56324 },
      destination: { host: "192.168.0.11", port: 443 },
      tlvs,
    });
    expect(read("PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::1 65535 0\r\n")).toEqual({
      version: 1,
      local: false,
      source: { host: "2001:db8::1", port: 65535 },
      destination: { host: "::1", port: 0 },
      tlvs,
    });
    const longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    expect(read(`PROXY TCP6 ${longest} ${longest} 65535 65535\r\n`).source?.host).toBe(longest);
  });

  test("with an IPv4-mapped address means IPv4", () => {
    for (const mapped of ["::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:c000:0201"]) {
      expect(read(`PROXY TCP6 ${mapped} 2001:db8::1 1 2\r\n`).source).toEqual({ host: "192.0.2.1", port: 1 });
    }
  });

  test("of unknown protocol tells nothing, whatever it says", () => {
    const rest = ["", " ", " ffff::1 ffff::2 65535 65535", " \r \n\0\x80\xff", " x\r\r\n".slice(0, -2)];
    for (const said of rest) expect(read(`PROXY UNKNOWN${said}\r\n`)).toEqual({ version: 1, local: true, tlvs });
    expect(read(`PROXY UNKNOWN ${"x".repeat(107 - 16)}\r\n`).local).toBe(true);
  });
});

describe("a line is refused at the first byte that cannot be", () => {
  const cases: readonly (readonly [line: string, why: string, after: number])[] = [
    ["PROXY\tTCP4", 'Expected a space after "PROXY", found byte 0x09', 6],
    ["PROXY  TCP4", 'Expected "TCP4", "TCP6" or "UNKNOWN" after "PROXY"', 7],
    ["PROXY UDP4", 'Expected "TCP4", "TCP6" or "UNKNOWN" after "PROXY"', 8],
    ["PROXY tcp4", 'Expected "TCP4", "TCP6" or "UNKNOWN" after "PROXY"', 7],
    ["PROXY TCP5", 'Expected "TCP4", "TCP6" or "UNKNOWN" after "PROXY"', 10],
    ["PROXY TCP4\r\n", 'Expected a space after "TCP4", found byte 0x0d', 11],
    ["PROXY TCP46", 'Expected a space after "TCP4", found byte 0x36', 11],
    ["PROXY TCP4  1.2.3.4", "Expected an IPv4 address as source address, found byte 0x20", 12],
    ["PROXY TCP4 ::1 ", "Expected an IPv4 address as source address, found byte 0x3a", 12],
    ["PROXY TCP4 256.1", 'Expected an IPv4 address as source address, found "256"', 14],
    ["PROXY TCP4 1.02", 'Expected an IPv4 address as source address, found "1.02"', 15],
    ["PROXY TCP4 1..2", 'Expected an IPv4 address as source address, found "1.."', 14],
    ["PROXY TCP4 1.2.3.4.", 'Expected an IPv4 address as source address, found "1.2.3.4."', 19],
    ["PROXY TCP4 1.2.3 ", 'Expected an IPv4 address as source address, found "1.2.3"', 17],
    ["PROXY TCP4 1.2.3.4\t", "Expected a space after the source address, found byte 0x09", 19],
    ["PROXY TCP4 1.2.3.4 1.2.3.x", 'Expected an IPv4 address as destination address, found "1.2.3."', 26],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 01", 'Expected a port as source port, found "01"', 29],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 65536", 'Expected a port as source port, found "65536"', 32],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 +1", "Expected a port as source port, found byte 0x2b", 28],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 1  2", "Expected a port as destination port, found byte 0x20", 30],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "Expected a space after the source port, found byte 0x0d", 29],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n", "Expected CRLF after the destination port, found byte 0x20", 31],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", "Expected CRLF after the destination port, found byte 0x0a", 31],
    ["PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rx", "Found CR without LF", 32],
    ["PROXY TCP6 1.2.3.4 ", 'Expected an IPv6 address as source address, found "1.2.3.4"', 19],
    ["PROXY TCP6 12345", 'Expected an IPv6 address as source address, found "12345"', 16],
    ["PROXY TCP6 1::2::3 ", 'Expected an IPv6 address as source address, found "1::2::3"', 19],
    ["PROXY TCP6 [::1]", "Expected an IPv6 address as source address, found byte 0x5b", 12],
    ["PROXY TCP6 fe80::1%eth0", "Expected a space after the source address, found byte 0x25", 19],
    ["PROXY TCP6 1:2:3:4:5:6:7 ", 'Expected an IPv6 address as source address, found "1:2:3:4:5:6:7"', 25],
    ["PROXY TCP6 ::1 1.2.3.4 1 2\r\n", 'Expected an IPv6 address as destination address, found "1.2.3.4"', 23],
    ["PROXY UNKNOWNx", 'Expected a space or CRLF after "UNKNOWN", found byte 0x78', 14],
    ["PROXY UNKNOWN\n", 'Expected a space or CRLF after "UNKNOWN", found byte 0x0a', 14],
    ["PROXY UNKNOWN\rx\r\n", "Found CR without LF", 15],
    [`PROXY UNKNOWN ${"x".repeat(200)}\r\n`, "No CRLF within 107 bytes", 106],
    [`PROXY UNKNOWN ${"x".repeat(91)}\rx\r\n`, "No CRLF within 107 bytes", 107],
  ];
  for (const [line, why, after] of cases) {
    test(JSON.stringify(line.length > 60 ? `${line.slice(0, 20)}… (${line.length})` : line), () => {
      expect(refusalOf(line)).toEqual([why, after]);
    });
  }

  test("and at the end of an IPv6 address that is too long to be one", () => {
    const [why, after] = refusalOf(`PROXY TCP6 ${"0000:".repeat(7)}00001`);
    expect([why.slice(0, 43), after]).toEqual(["Expected an IPv6 address as source address,", 11 + 40]);
  });
});

describe("writing", () => {
  test("gives the line that was meant", () => {
    expect(line("192.0.2.1", "192.0.2.2")).toBe("PROXY TCP4 192.0.2.1 192.0.2.2 1000 5432\r\n");
    expect(line("2001:db8::1", "::1")).toBe("PROXY TCP6 2001:db8::1 ::1 1000 5432\r\n");
    expect(line("::ffff:192.0.2.1", "192.0.2.2")).toBe("PROXY TCP4 192.0.2.1 192.0.2.2 1000 5432\r\n");
    expect(line("192.0.2.1", "2001:db8::1")).toBe("PROXY TCP6 ::ffff:c000:201 2001:db8::1 1000 5432\r\n");
    expect(line("2001:db8::1", "10.0.0.1")).toBe("PROXY TCP6 2001:db8::1 ::ffff:a00:1 1000 5432\r\n");
    expect(line("/run/db.sock", "192.0.2.2")).toBe("PROXY UNKNOWN\r\n");
  });

  test("without an address says so", () => {
    const source = { host: "192.0.2.1", port: 1 };
    expect(new TextDecoder().decode(writeProxyV1({ source }))).toBe("PROXY UNKNOWN\r\n");
    expect(new TextDecoder().decode(writeProxyV1({ destination: source }))).toBe("PROXY UNKNOWN\r\n");
  });

  test("is undone by reading", () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = new Random(seed);
      const addresses = { source: randomEndpoint(random), destination: randomEndpoint(random) };
      const line = writeProxyV1(addresses);
      expect(headerOf(line)).toEqual({ version: 1, local: false, ...addresses, tlvs });
      // No beginning is anything but unfinished.
      expect(growing((bytes) => readProxyHeader(bytes, "v1"), line.subarray(0, -1)).verdict).toBe("more");
    }
  });
});
