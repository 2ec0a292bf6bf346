// HAProxy as sender and as receiver of PROXY headers.

import { describe, expect, test } from "bun:test";
import { writeProxyV1 } from "../../src/wire/proxy-v1.ts";
import { writeProxyV2 } from "../../src/wire/proxy-v2.ts";
import { askHaproxy, recordHeaders, startHeaderReader } from "../support/haproxy.ts";
import { skipWithout } from "../support/installed.ts";
import { headerOf } from "../support/proxy-header.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;

const [client4, server4] = [
  { host: "192.0.2.1", port: 1000 },
  { host: "192.0.2.2", port: 5432 },
];
const [client6, server6] = [
  { host: "2001:db8::1", port: 65_535 },
  { host: "2001:db8::2", port: 1 },
];

/** The body of an answer, empty when there was none. HAProxy shows an IPv4-mapped address as it came. */
function bodyOf(answer: string): string {
  const body = answer.split("\r\n\r\n")[1] ?? "";
  return body.trim().replaceAll("::ffff:", "");
}

describe.skipIf(skipWithout("haproxy"))("HAProxy", () => {
  test(
    "sends nothing that is not read as it was meant",
    async () => {
      const { headers } = await recordHeaders();
      for (const { name, client, listener, hex } of headers) {
        const header = headerOf(Uint8Array.fromHex(hex));
        expect(header.version).toBe(name.startsWith("v1") ? 1 : 2);
        if (client !== undefined && listener !== undefined) {
          expect(header).toMatchObject({ local: false, source: client, destination: listener });
        }
        if (name.includes("checksum") || name.includes("everything")) expect(header.tlvs.crc32cVerified).toBe(true);
      }
    },
    LIMIT_MS,
  );

  test(
    "understands both versions as they were meant",
    async () => {
      await using reader = await startHeaderReader();
      const ask = async (header: Uint8Array) => bodyOf(await askHaproxy(reader.port, header));
      const tlvs = { authority: "db.example", uniqueId: new TextEncoder().encode("id-1"), crc32c: true };
      const plain = { crc32c: false };
      for (const [source, destination, said] of [
        [client4, server4, "192.0.2.1 1000 192.0.2.2 5432"],
        [client6, server6, "2001:db8::1 65535 2001:db8::2 1"],
        [client4, server6, "192.0.2.1 1000 2001:db8::2 1"],
        [client6, server4, "2001:db8::1 65535 192.0.2.2 5432"],
      ] as const) {
        const addresses = { source, destination };
        expect(await ask(writeProxyV1(addresses))).toBe(said);
        expect(await ask(writeProxyV2({ ...addresses, tlvs: plain }))).toBe(said);
        const ssl = { verified: true, version: "TLSv1.3", commonName: "alice" };
        const full = { ...tlvs, alpn: "postgresql", ssl };
        expect(await ask(writeProxyV2({ ...addresses, tlvs: full }))).toBe(`${said} db.example id-1`);
      }
      for (const local of [writeProxyV2({ local: true, tlvs }), writeProxyV1({}), writeProxyV2({ tlvs: plain })]) {
        expect(await ask(local)).toStartWith("127.0.0.1 ");
      }
    },
    LIMIT_MS,
  );

  test(
    "verifies the checksum",
    async () => {
      await using reader = await startHeaderReader();
      const header = writeProxyV2({ source: client4, destination: server4, tlvs: { authority: "db", crc32c: true } });
      header[20] = 1;
      expect(await askHaproxy(reader.port, header)).toBe("");
    },
    LIMIT_MS,
  );
});
