import { expect, test } from "bun:test";

import { Pace } from "../../src/base/pace.ts";
import { decodeSource } from "../../src/config/decode.ts";
import { parseDocuments } from "../../src/config/document.ts";
import { findOffset } from "../../src/config/mark.ts";
import type { ValuePath } from "../../src/resource/origin.ts";

async function codesOf(text: string): Promise<readonly string[]> {
  const { diagnostics } = await parseDocuments("a.yaml", text);
  return diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

test("values are plain data, by YAML 1.2", async () => {
  const text = "a: [1, 0x10, 1.5, yes, true, null, ~, '1', 2024-01-01]\nb: text\n5: 6\n<<: 1\n";
  const { documents } = await parseDocuments("a.yaml", text);
  expect(JSON.parse(JSON.stringify(documents[0]?.value))).toEqual({
    a: [1, 16, 1.5, "yes", true, null, null, "1", "2024-01-01"],
    b: "text",
    "5": 6,
    "<<": 1,
  });
});

test.each<readonly [ValuePath, "key" | "value", string]>([
  [[], "value", "1:1"],
  [["a"], "key", "1:1"],
  [["a"], "value", "1:4"],
  [["a", 1], "value", "1:8"],
  [["a", 9], "value", "1:4"],
  [["b", 0, "c"], "value", "3:11"],
  [["b", 0, "c"], "key", "3:8"],
  [["b", 0, "x", "y"], "value", "3:8"],
  [["d"], "value", "5:4"],
  [["e"], "value", "6:4"],
  [["e", "c"], "value", "4:12"],
  [["nowhere"], "key", "1:1"],
])("the value at %j is found, as a %s, at %s", async (path, part, place) => {
  const text = "a: [1, 2]\nb:\n  -    c: 1\n  - &x {c: 1}\nd: ä\ne: *x\n";
  const { documents, lines } = await parseDocuments("a.yaml", text);
  const { line, column } = lines.position(findOffset(documents[0]?.mark ?? { offset: 0 }, path, part));
  expect(`${line}:${column}`).toBe(place);
});

test("an alias is the value of the last anchor before it", async () => {
  const { documents } = await parseDocuments("a.yaml", "a: &x 1\nb: *x\nc: &x [2]\nd: *x\n");
  expect(JSON.parse(JSON.stringify(documents[0]?.value))).toEqual({ a: 1, b: 1, c: [2], d: [2] });
});

test("an alias that stands for a list or a map is no key", async () => {
  expect(await codesOf("a: &x {y: 1}\nb: {*x : 2}\n")).toEqual(["2:5 yaml/non-string-key"]);
  expect(await codesOf("a: &x [1]\nb:\n  *x : 2\n")).toEqual(["3:3 yaml/non-string-key"]);
});

test("aliases that explode are told, and cost nothing", async () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 400; level++) {
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(", ")}]`,
    );
  }
  expect(await codesOf(lines.join("\n"))).toEqual(["1:1 yaml/too-large"]);
});

test.each(["[", "{a: ", "- ", "? ", "[{"])("a hundred thousand times %j is too deep, and no crash", async (part) => {
  const codes = await codesOf(part.repeat(100_000));
  expect(codes.map((code) => code.replace(/.* /, ""))).toEqual(["yaml/too-deep"]);
});

test("the documents before one that is too deep are read", async () => {
  const { documents } = await parseDocuments("a.yaml", `a: 1\n---\nb: 2\n---\n${"[".repeat(500)}`);
  expect(documents.length).toBe(2);
});

test("a list of thousands, which is read in slices, is what it would be as a whole", async () => {
  const numbers = Array.from({ length: 5500 }, (_, index) => index);
  const texts = [
    `a:\n${numbers.map((number) => `- ${number}\n`).join("")}b: *last\n`.replace("- 5499", "- &last 5499"),
    `a: [${numbers.join(", ")}]\nb: *last\n`.replace(", 5499]", ", &last 5499]"),
    `a: [\n  ${numbers.join(", # why\n  ")},\n  ]\nb: *last\n`.replace(" 5499,", " &last 5499,"),
    `{"a": ${JSON.stringify(numbers, null, 1)}, "b": 5499}`,
  ];
  for (const text of texts) {
    const { documents, diagnostics, lines } = await parseDocuments("a.yaml", text);
    expect(diagnostics).toEqual([]);
    expect(JSON.parse(JSON.stringify(documents[0]?.value))).toEqual({ a: numbers, b: 5499 });
    const place = lines.position(findOffset(documents[0]?.mark ?? { offset: 0 }, ["a", 4321]));
    expect(text.split("\n")[place.line - 1]?.slice(place.column - 1)).toStartWith("4321");
  }
});

test("a list of thousands with lists and maps in it keeps them", async () => {
  const items = Array.from({ length: 2500 }, (_, index) => [{ index }, [index]]);
  const { documents } = await parseDocuments("a.yaml", JSON.stringify({ items }));
  expect(JSON.parse(JSON.stringify(documents[0]?.value))).toEqual({ items });
});

test("a mistake deep in a list of thousands is told where it is", async () => {
  const lines = Array.from({ length: 3000 }, (_, index) => `- ${index}`);
  lines[2500] = "- @";
  expect(await codesOf(`a:\n${lines.join("\n")}\n`)).toEqual(["2502:3 yaml/bad-scalar-start"]);
  const flow = Array.from({ length: 3000 }, (_, index) => (index === 2500 ? "@" : "1")).join(",");
  expect(await codesOf(`[${flow}]`)).toEqual(["1:5002 yaml/bad-scalar-start"]);
  expect(await codesOf(`[${"1,".repeat(2500)},${"1,".repeat(2500)}]`)).toEqual(["1:5002 yaml/unexpected-token"]);
  expect(await codesOf(`[${"1,".repeat(5000)}`)).not.toEqual([]);
});

/** Pieces of routes and of YAML, to be put together without sense. */
const PIECES: readonly string[] = [
  "{}[]:,-?&*!|>'\"%@`#~<=\n\n\n\t \\".split(""),
  ["listen: ", "backends:\n", "  - ", "---\n", "...\n", "&a ", "*a", "<<: ", "!!str ", "a:1", "5432", "? ", "|-\n"],
  ["name: x\n", "match: {sources: [", "10.0.0.0/8", "%YAML 1.1\n", "%TAG ! x\n", "\u{FEFF}", "\r\n", "\0", "é", "😀"],
  ["allow: [10.0.0.0/8]\n", "timeouts: {idle: 5s}\n", "__proto__: ", "constructor: ", "!!set ", "!!omap ", "\u2028"],
].flat();
const VALID = `name: a\nlisten: ["1-5", "127.0.0.1:7"]\nbackends:\n  - b:1\n  - {address: "c:1", weight: 2}\nallow: [10.0.0.0/8, "::1"]
match: {sources: [192.0.2.0/24]}\ntimeouts: {connect: 1s, idle: off}\nlimits: {connections: 5}\n---\napiVersion: v1\nkind: Service\n`;

function pick<T>(from: ArrayLike<T>): T | undefined {
  return from[Math.floor(Math.random() * from.length)];
}

function randomText(): string {
  return Array.from({ length: 1 + Math.floor(Math.random() * 60) }, () => pick(PIECES)).join("");
}

function mutated(text: string): string {
  let result = text;
  for (let turn = 0; turn < 1 + Math.random() * 4; turn++) {
    const at = Math.floor(Math.random() * result.length);
    const cut = Math.random() < 0.5 ? Math.floor(Math.random() * 8) : 0;
    result = result.slice(0, at) + (Math.random() < 0.7 ? (pick(PIECES) ?? "") : "") + result.slice(at + cut);
  }
  return result;
}

function randomBytes(): string {
  return new TextDecoder().decode(crypto.getRandomValues(new Uint8Array(Math.floor(Math.random() * 300))));
}

test.each([
  ["random bytes", randomBytes],
  ["pieces of YAML", randomText],
  ["a valid file with changes", () => mutated(VALID)],
])("%s never throw, and every message points into the file", async (_what, make) => {
  for (let round = 0; round < 1500; round++) {
    const text = make();
    const { diagnostics } = await decodeSource({ file: "a.yaml", text }, new Pace());
    const lines = text.split("\n");
    for (const { line, column, message, code, hint } of diagnostics) {
      const length = lines[line - 1]?.length ?? -1;
      if (column < 1 || column > length + 1 || /\n/.test(message + code + (hint ?? ""))) {
        throw new Error(`${line}:${column} ${code} "${message}" for ${JSON.stringify(text)}`);
      }
    }
  }
});
