import { describe, expect, test } from "bun:test";
import { type OpeningStep, PostgresOpening } from "../../../src/engine/hello/postgres-opening.ts";
import { cancelRequest, GSS_REQUEST, SSL_REQUEST, STARTUP } from "../../support/postgres-client.ts";
import { mutate } from "../../support/prefixes.ts";
import { Random } from "../../support/random.ts";

const TLS_RECORD = Uint8Array.of(22, 3, 1, 0, 5);
const YES: OpeningStep = { kind: "answer", byte: 0x53, length: 8 };
const NO: OpeningStep = { kind: "answer", byte: 0x4e, length: 8 };
const STARTS: OpeningStep = { kind: "startup" };
const OUT_OF_PLACE: OpeningStep = { kind: "wrong", why: "A request for encryption out of place" };

/** What is said to packets that come one by one, each when the one before was answered. */
function steps(opening: PostgresOpening, ...packets: readonly Uint8Array[]): readonly OpeningStep[] {
  return packets.map((packet) => opening.read(packet));
}

describe("a client in the clear", () => {
  test("may begin a session at once, or cancel one", () => {
    expect(new PostgresOpening(true, false).read(STARTUP)).toEqual(STARTS);
    expect(new PostgresOpening(true, false).read(cancelRequest("0000002a00c0ffee"))).toEqual({
      kind: "cancel",
      pid: 42,
      key: Uint8Array.of(0, 0xc0, 0xff, 0xee),
      length: 16,
    });
  });

  test("is granted TLS where there is some, and then it is TLS that follows, or nothing yet", () => {
    const opening = new PostgresOpening(true, false);
    expect(steps(opening, SSL_REQUEST, new Uint8Array(), TLS_RECORD)).toEqual([
      YES,
      { kind: "tls", asked: true },
      { kind: "tls", asked: true },
    ]);
  });

  test("is refused GSSAPI, and may ask for TLS after it", () => {
    expect(steps(new PostgresOpening(true, false), GSS_REQUEST, SSL_REQUEST)).toEqual([NO, YES]);
    expect(steps(new PostgresOpening(false, false), GSS_REQUEST, SSL_REQUEST, STARTUP)).toEqual([NO, NO, STARTS]);
    expect(steps(new PostgresOpening(false, false), SSL_REQUEST, GSS_REQUEST, STARTUP)).toEqual([NO, NO, STARTS]);
  });

  test("may ask for each once", () => {
    expect(steps(new PostgresOpening(false, false), SSL_REQUEST, SSL_REQUEST)).toEqual([NO, OUT_OF_PLACE]);
    expect(steps(new PostgresOpening(true, false), GSS_REQUEST, GSS_REQUEST)).toEqual([NO, OUT_OF_PLACE]);
  });

  test("may not say anything in the clear after a request for TLS that is granted", () => {
    const opening = new PostgresOpening(true, false);
    const together = Uint8Array.from([...SSL_REQUEST, 0]);
    expect(opening.read(together)).toEqual({ kind: "wrong", why: "Bytes in the clear after the request for TLS" });
  });

  test("may begin with TLS where there is some, not after it was refused", () => {
    expect(new PostgresOpening(true, false).read(TLS_RECORD)).toEqual({ kind: "tls", asked: false });
    const wrong: OpeningStep = { kind: "wrong", why: "TLS where none was agreed to" };
    expect(new PostgresOpening(false, false).read(TLS_RECORD)).toEqual(wrong);
    expect(steps(new PostgresOpening(false, false), SSL_REQUEST, TLS_RECORD)).toEqual([NO, wrong]);
  });

  test("may not be another kind of client", () => {
    const text = new TextEncoder().encode("GET / HTTP/1.1\r\n");
    expect(new PostgresOpening(true, false).read(text)).toEqual({ kind: "wrong", why: "Not a PostgreSQL client" });
  });
});

describe("a client inside of TLS", () => {
  test("may begin a session or cancel one, and ask for nothing", () => {
    expect(new PostgresOpening(true, true).read(STARTUP)).toEqual(STARTS);
    expect(new PostgresOpening(true, true).read(cancelRequest("0000002a00c0ffee"))).toMatchObject({ kind: "cancel" });
    for (const packet of [SSL_REQUEST, GSS_REQUEST]) {
      expect(new PostgresOpening(true, true).read(packet)).toEqual(OUT_OF_PLACE);
    }
    expect(new PostgresOpening(true, true).read(TLS_RECORD)).toMatchObject({ kind: "wrong" });
  });
});

test("a packet is waited for, byte by byte", () => {
  for (const packet of [SSL_REQUEST, GSS_REQUEST, STARTUP, cancelRequest(`0000002a${"5a".repeat(32)}`)]) {
    const opening = new PostgresOpening(false, false);
    for (let length = 0; length < packet.length; length++) {
      expect(opening.read(packet.subarray(0, length))).toEqual({ kind: "more" });
    }
    expect(opening.read(packet).kind).not.toBe("more");
  }
});

test("whatever comes, two answers are the most, and no answer passes over more than is there", () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const random = new Random(seed);
    const opening = new PostgresOpening(random.chance(2), random.chance(2));
    const parts = Array.from(
      { length: 1 + random.below(4) },
      () => [SSL_REQUEST, GSS_REQUEST, STARTUP][random.below(3)],
    );
    let bytes = mutate(Uint8Array.from(parts.flatMap((part) => [...(part ?? [])])), random);
    let answers = 0;
    for (let step = opening.read(bytes); step.kind === "answer"; step = opening.read(bytes)) {
      expect(step.length).toBeLessThanOrEqual(bytes.length);
      bytes = bytes.subarray(step.length);
      expect(++answers).toBeLessThanOrEqual(2);
    }
  }
});
