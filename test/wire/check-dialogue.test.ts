import { describe, expect, test } from "bun:test";
import { type CheckDialogue, judgeAnswer, MAX_ANSWER_BYTES, quoteAnswer } from "../../src/wire/check-dialogue.ts";
import { exchangeDialogue } from "../../src/wire/check/exchange.ts";
import { mysqlDialogue } from "../../src/wire/check/mysql.ts";
import { natsDialogue } from "../../src/wire/check/nats.ts";
import { postgresDialogue } from "../../src/wire/check/postgres.ts";
import { redisDialogue } from "../../src/wire/check/redis.ts";
import { latin1 } from "../support/dialogue.ts";
import { Random } from "../support/random.ts";

const DIALOGUES: ReadonlyMap<string, CheckDialogue> = new Map([
  ["postgres", postgresDialogue("sallyport")],
  ["redis", redisDialogue()],
  ["mysql", mysqlDialogue()],
  ["nats", natsDialogue()],
  ["exchange", exchangeDialogue(undefined, latin1("OK"))],
]);
/** Beginnings that lead deep into each judge. */
const BEGINNINGS = [
  "",
  "E\0\0\0\x40",
  "E\0\0\x7f\x00",
  "R\0\0\0",
  "-ERR ",
  "+PON",
  "\x20\0\0\0\xff",
  "\xff\xff\xff\0",
  "INFO",
  "-",
];

describe.each([...DIALOGUES])("the %s dialogue", (_name, dialogue) => {
  test("never throws, and always has a verdict at the bound, whatever a server sends", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const beginning = latin1(BEGINNINGS[random.below(BEGINNINGS.length)] ?? "");
      const noise = random.bytes(random.chance(8) ? MAX_ANSWER_BYTES : random.below(64));
      const answer = new Uint8Array([...beginning, ...noise]);
      const verdict = judgeAnswer(dialogue, answer);
      if (answer.length >= MAX_ANSWER_BYTES) expect(verdict).not.toBe("more");
      if (typeof verdict === "object") expect(verdict.bad).toMatch(/^[^\p{C}]{1,300}$/u);
    }
  });

  test("a verdict stays when more bytes come after it at once", () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed);
      const beginning = latin1(BEGINNINGS[random.below(BEGINNINGS.length)] ?? "");
      const answer = new Uint8Array([...beginning, ...random.bytes(40)]);
      for (let cut = 2; cut < answer.length; cut++) {
        const before = judgeAnswer(dialogue, answer.subarray(0, cut));
        if (before === "more") continue;
        expect(typeof judgeAnswer(dialogue, answer)).toBe(typeof before);
        break;
      }
    }
  });

  test("waits while nothing came", () => {
    expect(judgeAnswer(dialogue, new Uint8Array(0))).toBe("more");
  });
});

describe("what a server said, quoted", () => {
  test("is one short line without control, invisible or direction-changing characters", () => {
    const hostile = new TextEncoder().encode(`a\r\nb\x1b[31mc\u202ed\0e "f" ${"x".repeat(500)}`);
    const quoted = quoteAnswer(hostile);
    expect(quoted).toStartWith(`"a b [31mc d e 'f' xxx`);
    expect(quoted).toEndWith(`x…"`);
    expect([...quoted].length).toBe(123);
  });

  test("keeps letters of every language", () => {
    expect(quoteAnswer(new TextEncoder().encode("Das Datenbanksystem fährt hoch"))).toBe(
      '"Das Datenbanksystem fährt hoch"',
    );
  });
});
