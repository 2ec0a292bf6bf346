import { describe, expect, test } from "bun:test";
import { BackendKeyScanner, type BackendKeyVerdict } from "../../src/wire/postgres-backend-key.ts";
import { message } from "../support/postgres-packet.ts";
import { mutate } from "../support/prefixes.ts";
import { Random } from "../support/random.ts";

const AUTHENTICATED = message("R", "\0\0\0\0");
const SETTINGS = ["server_version\x0018.1\0", "TimeZone\0Etc/UTC\0", "big\0".padEnd(3000, "x")].map((setting) =>
  message("S", setting),
);
const KEY = message("K", Uint8Array.of(0x80, 0, 1, 2, 9, 8, 7, 6));
const READY = message("Z", "I");
const FOUND = { kind: "key", pid: 0x80000102, key: Uint8Array.of(9, 8, 7, 6) } as const;

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** In chunks of `size` bytes, each in a buffer that is overwritten afterwards. */
function scan(bytes: Uint8Array, size = bytes.length): { readonly verdict: BackendKeyVerdict; readonly after: number } {
  const scanner = new BackendKeyScanner();
  let verdict: BackendKeyVerdict = "more";
  let after = 0;
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.slice(at, at + size);
    const before: BackendKeyVerdict = verdict;
    verdict = scanner.push(chunk);
    chunk.fill(0xee);
    if (before !== "more" && verdict !== before) throw new Error("A verdict changed");
    if (before === "more") after = at + chunk.length;
  }
  return { verdict, after };
}

function none(...parts: readonly Uint8Array[]): string {
  const bytes = join(...parts);
  const { verdict } = scan(bytes, 1);
  if (verdict === "more" || verdict.kind !== "none") throw new Error(`Not given up: ${Bun.inspect(verdict)}`);
  for (const size of [2, 3, 7, bytes.length]) expect(scan(bytes, size).verdict).toEqual(verdict);
  return verdict.why;
}

describe("the key of a session", () => {
  const session = join(AUTHENTICATED, ...SETTINGS, message("N", "SWARNING\0\0"), KEY, READY, message("T", "rows"));
  const end = session.length - READY.length - message("T", "rows").length;

  test("is found in chunks of every size, with its last byte", () => {
    for (let size = 1; size <= session.length; size++) {
      const { verdict, after } = scan(session, size);
      expect(verdict).toEqual(FOUND);
      expect(after - size).toBeLessThan(end);
    }
    expect(scan(session, 1).after).toBe(end);
  });

  test("is found after rounds of authentication and a negotiation of the version", () => {
    const rounds = [10, 11, 12].map((kind) => message("R", `\0\0\0${String.fromCharCode(kind)}challenge`));
    const negotiated = message("v", "\0\x03\0\0\0\0\0\0");
    expect(scan(join(...rounds, AUTHENTICATED, negotiated, KEY)).verdict).toEqual(FOUND);
  });

  test("may be as long as newer protocols have it", () => {
    for (const keyBytes of [32, 256]) {
      const key = new Random(keyBytes).bytes(keyBytes);
      const bytes = join(AUTHENTICATED, message("K", Uint8Array.from([0, 0, 0, 1, ...key])), READY);
      for (const size of [1, 5, 13, bytes.length]) {
        expect(scan(bytes, size).verdict).toEqual({ kind: "key", pid: 1, key });
      }
    }
  });

  test("is waited for while nothing says that there is none", () => {
    for (let length = 0; length < end; length++) expect(scan(session.subarray(0, length)).verdict).toBe("more");
  });
});

describe("the search ends", () => {
  test("when the session is ready, or refused", () => {
    expect(none(AUTHENTICATED, ...SETTINGS, READY)).toBe("The server sent no key");
    expect(none(message("E", "SFATAL\0\0"))).toBe("The server refused the session");
    expect(none(AUTHENTICATED, message("E", "SFATAL\0\0"))).toBe("The server refused the session");
  });

  test("at any other message", () => {
    expect(none(AUTHENTICATED, message("D", "data"))).toBe("Unexpected message of type 0x44");
    expect(none(Uint8Array.of(0))).toBe("Unexpected message of type 0x00");
    expect(none(Uint8Array.of(0x16, 3, 3))).toBe("Unexpected message of type 0x16");
  });

  test("at lengths that cannot be", () => {
    for (const length of [0, 3]) expect(none(message("S", "", length))).toBe("A message has an impossible length");
    for (const length of [0, 11, 265, 2 ** 32 - 1]) {
      expect(none(message("K", "", length))).toBe("The server's key has an impossible length");
    }
    expect(none(message("S", "", 2 ** 32 - 1))).toBe("No key within 16777216 bytes");
  });

  test("after a bounded number of messages and bytes", () => {
    const settings = Array.from({ length: 4096 }, () => message("S", "a\0b\0"));
    expect(scan(join(...settings, KEY)).verdict).toMatchObject({ kind: "key" });
    expect(none(...settings, message("S", "a\0b\0"))).toBe("No key within 4096 messages");
    const long = message("N", "x".repeat(9_000_000));
    for (const [last, verdict] of [
      [KEY, { kind: "key" }],
      [long, { why: "No key within 16777216 bytes" }],
    ] as const) {
      const scanner = new BackendKeyScanner();
      expect(scanner.push(long)).toBe("more");
      expect(scanner.push(last)).toMatchObject(verdict);
    }
  });
});

test("whatever a server sends has one verdict, however it is split", () => {
  const session = join(AUTHENTICATED, message("S", "a\0b\0"), KEY, READY);
  for (let seed = 1; seed <= 2000; seed++) {
    const random = new Random(seed);
    const bytes = mutate(session, random);
    const { verdict } = scan(bytes);
    expect(scan(bytes, 1 + random.below(9)).verdict).toEqual(verdict);
    expect(scan(bytes, 1).verdict).toEqual(verdict);
  }
});
