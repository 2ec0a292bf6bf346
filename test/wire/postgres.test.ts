import { describe, expect, test } from "bun:test";
import { MAX_POSTGRES_START_BYTES, type PostgresVerdict, readPostgresStart } from "../../src/wire/postgres.ts";
import { startPacket } from "../support/postgres-packet.ts";
import { growing, mutate } from "../support/prefixes.ts";
import { type RecordedStart, START_FIXTURE } from "../support/psql-start.ts";
import { Random } from "../support/random.ts";

const recorded: RecordedStart = await Bun.file(START_FIXTURE).json();

const [V3, SSL, GSS, CANCEL] = ["00030000", "04d2162f", "04d21630", "04d2162e"];
const STARTUP = "user\0alice\0database\0orders\0application_name\0psql\0\0";
const NOT_POSTGRES: PostgresVerdict = { kind: "not-postgres" };

const read = (bytes: Uint8Array) => growing<Exclude<PostgresVerdict, "more">>(readPostgresStart, bytes);

function refusal(bytes: Uint8Array): readonly [why: string, after: number] {
  const { verdict, after } = read(bytes);
  if (verdict === "more" || verdict.kind !== "malformed") throw new Error(`Not malformed: ${Bun.inspect(verdict)}`);
  return [verdict.why, after];
}

function startup(body: string) {
  const { verdict } = read(startPacket(V3, body));
  if (verdict === "more" || verdict.kind !== "startup") throw new Error(`No start-up: ${Bun.inspect(verdict)}`);
  return verdict;
}

describe("what psql sends", () => {
  test("is a request for TLS, and when that is refused a start-up packet", () => {
    const request = Uint8Array.fromHex(recorded.sslRequest);
    expect(read(request)).toEqual({ verdict: { kind: "ssl-request", length: 8 }, after: 8 });
    const packet = Uint8Array.fromHex(recorded.startup);
    const parameters = new Map([
      ["user", "alice"],
      ["database", "orders"],
      ["application_name", "recorded"],
      ["client_encoding", "UTF8"],
    ]);
    const version = { major: 3, minor: 0 };
    const wanted = { kind: "startup", version, user: "alice", database: "orders", parameters, length: packet.length };
    expect<unknown>(read(packet)).toEqual({ verdict: wanted, after: packet.length });
  });
});

describe("a first packet", () => {
  test("may ask for encryption", () => {
    expect(read(startPacket(SSL))).toEqual({ verdict: { kind: "ssl-request", length: 8 }, after: 8 });
    expect(read(startPacket(GSS))).toEqual({ verdict: { kind: "gss-request", length: 8 }, after: 8 });
  });

  test("tells its length, so that what was sent with it can be refused", () => {
    const stuffed = Uint8Array.from([...startPacket(SSL), ...startPacket(V3, STARTUP)]);
    expect(readPostgresStart(stuffed)).toEqual({ kind: "ssl-request", length: 8 });
  });

  test("may ask for a statement to be cancelled, with a key of any protocol's length", () => {
    for (const keyBytes of [4, 32, 256]) {
      const key = new Random(keyBytes).bytes(keyBytes);
      const packet = startPacket(CANCEL, Uint8Array.from([0x80, 0, 1, 2, ...key]));
      const verdict = { kind: "cancel-request", pid: 0x80000102, key, length: 12 + keyBytes } as const;
      expect(read(packet)).toEqual({ verdict, after: packet.length });
    }
  });

  test("may begin a session, of any minor version", () => {
    for (const [code, minor] of [
      ["00030000", 0],
      ["00030002", 2],
      ["0003270f", 9999],
    ] as const) {
      expect(read(startPacket(code, STARTUP)).verdict).toMatchObject({
        kind: "startup",
        version: { major: 3, minor },
        user: "alice",
      });
    }
  });

  test("names a database, or that of the user is meant", () => {
    expect(startup(STARTUP).database).toBe("orders");
    expect(startup("user\0alice\0\0").database).toBe("alice");
    expect(startup("user\0alice\0database\0\0\0").database).toBe("alice");
  });

  test("may have empty values, repeated settings and names in any script", () => {
    const { user, parameters } = startup("options\0\0user\0josé\0work_mem\x001\0work_mem\x002\0_pq_.x\0\0\0");
    expect(user).toBe("josé");
    expect([...parameters]).toEqual([
      ["options", ""],
      ["user", "josé"],
      ["work_mem", "2"],
      ["_pq_.x", ""],
    ]);
    const latin1 = startPacket(
      V3,
      Uint8Array.from("user\0jos\xe9\0\0", (char) => char.charCodeAt(0)),
    );
    expect(read(latin1).verdict).toMatchObject({ user: "jos\ufffd" });
  });

  test("may be a TLS record, which its first byte says", () => {
    expect(read(Uint8Array.of(0x16, 3, 1, 2, 0))).toEqual({ verdict: { kind: "tls" }, after: 1 });
  });

  test("of the greatest length is read, and more is never said of as many bytes", () => {
    const value = "x".repeat(MAX_POSTGRES_START_BYTES - 8 - "user\0a\0b\0\0\0".length);
    const longest = startPacket(V3, `user\0a\0b\0${value}\0\0`);
    expect(longest.length).toBe(MAX_POSTGRES_START_BYTES);
    expect(readPostgresStart(longest)).toMatchObject({ kind: "startup", length: MAX_POSTGRES_START_BYTES });
    expect(readPostgresStart(longest.subarray(0, -1))).toBe("more");
    expect(readPostgresStart(startPacket(V3, `user\0a\0b\0${value}x\0\0`))).toEqual(NOT_POSTGRES);
  });
});

describe("what is no PostgreSQL client is told at its first wrong byte", () => {
  const cases: readonly (readonly [what: string, hex: string, after: number])[] = [
    ["HTTP", "474554202f20485454502f312e31", 1],
    ["an alert of TLS", "15030100020246", 1],
    ["a length of 64 KiB", "00010000", 2],
    ["a length beyond the bound", "00002800", 3],
    ["a length one beyond the bound", "00002715", 4],
    ["a length that leaves no code", "00000007", 4],
    ["no length", "0000000000030000", 4],
    ["an unknown code", "0000000801", 5],
    ["an unknown major version", "000000080004", 6],
    ["nearly a request", "0000000804d3", 6],
    ["version 0", "000000080000", 6],
  ];
  for (const [what, hex, after] of cases) {
    test(what, () => {
      expect(read(Uint8Array.fromHex(`${hex}${"00".repeat(20)}`))).toEqual({
        verdict: { kind: "not-postgres" },
        after,
      });
    });
  }
});

describe("a packet is refused that", () => {
  const cases: readonly (readonly [what: string, packet: Uint8Array, why: string, after?: number])[] = [
    ["is of protocol 2", startPacket("00020000", "x".repeat(288)), "Expected protocol version 3, found 2", 6],
    ["is of protocol 1", startPacket("00010000", "x"), "Expected protocol version 3, found 1", 6],
    ["asks for TLS at length", startPacket(SSL, "x"), "Expected a request of 8 bytes, found 9", 8],
    ["asks for GSSAPI at length", startPacket(GSS, "x"), "Expected a request of 8 bytes, found 9", 8],
    ["asks for what nobody knows", startPacket("04d21631"), "Unknown request 5681", 8],
    ["cancels nothing", startPacket(CANCEL), "Expected a key of 4 to 256 bytes, found 0", 8],
    ["cancels without a key", startPacket(CANCEL, "1234"), "Expected a key of 4 to 256 bytes, found 0", 8],
    ["cancels with a short key", startPacket(CANCEL, "1234abc"), "Expected a key of 4 to 256 bytes, found 3", 8],
    ["cancels with a long key", startPacket(CANCEL, "x".repeat(261)), "Expected a key of 4 to 256 bytes, found 257", 8],
    ["has no parameters", startPacket(V3), "The start-up packet has no parameters", 8],
    ["has no end", startPacket(V3, "user\0alice\0"), "The start-up packet ends within a parameter"],
    ["ends in a value", startPacket(V3, "user\0alice"), "The start-up packet ends within a parameter"],
    ["ends in a name", startPacket(V3, "user\0alice\0data"), "The start-up packet ends within a parameter"],
    ["ends after a name", startPacket(V3, "user\0alice\0database\0"), "The start-up packet ends within a parameter"],
    ["goes on", startPacket(V3, "user\0alice\0\0x"), "The start-up packet goes on after its end"],
    ["goes on with NULs", startPacket(V3, "user\0alice\0\0\0"), "The start-up packet goes on after its end"],
    ["names no user", startPacket(V3, "database\0orders\0\0"), "The start-up packet names no user"],
    ["is empty", startPacket(V3, "\0"), "The start-up packet names no user"],
    ["has an empty user", startPacket(V3, "user\0\0\0"), "The start-up packet names no user"],
    ["names two users", startPacket(V3, "user\0a\0user\0b\0\0"), 'The start-up packet has two parameters "user"'],
    [
      "names two databases",
      startPacket(V3, "user\0a\0database\0b\0database\0b\0\0"),
      'The start-up packet has two parameters "database"',
    ],
  ];
  for (const [what, packet, why, after = packet.length] of cases) {
    test(what, () => expect(refusal(packet)).toEqual([why, after]));
  }
});

test("whatever is sent has one verdict, whole or in parts", () => {
  const seeds = [SSL, GSS].map((code) => startPacket(code));
  seeds.push(startPacket(V3, STARTUP), startPacket(CANCEL, "12345678"), startPacket("00030002", "user\0a\0\0"));
  const kinds = new Map<string, number>();
  for (let seed = 1; seed <= 3000; seed++) {
    const random = new Random(seed);
    const { verdict } = read(mutate(seeds[random.below(seeds.length)] ?? new Uint8Array(), random));
    const kind = verdict === "more" ? verdict : verdict.kind;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  for (const kind of ["more", "not-postgres", "malformed", "startup", "cancel-request", "ssl-request"]) {
    expect(kinds.get(kind)).toBeGreaterThan(0);
  }
});
