import { describe, expect, test } from "bun:test";
import { type FilteredFields, parseAddressFilter } from "../../src/admin/address-filter.ts";
import { Random } from "../support/random.ts";

const FIELDS: FilteredFields = {
  id: "ra_1",
  uri: "http://localhost/reserved_addrs/ra_1",
  addr: "localhost:20000",
  description: 'The "orders" database',
  metadata: '{"owner":"o\'neil"}\n',
  region: "us",
};

/** What is said of something that cannot be read, from a character on. */
function unread(character: number): string {
  return `cannot read it from character ${character} on; wanted is obj.FIELD == "…", !=, .contains("…"), .startsWith("…") or .endsWith("…"), and && between several`;
}

function judge(text: string): boolean | string {
  const filter = parseAddressFilter(text);
  return "problem" in filter ? filter.problem : filter(FIELDS);
}

describe("a filter", () => {
  test.each([
    ['obj.addr == "localhost:20000"', true],
    ["obj.addr=='localhost:20000'", true],
    ['  obj.addr  ==  "localhost:2000"  ', false],
    ['obj.addr != "localhost:2000"', true],
    ['obj.addr != "localhost:20000"', false],
    ['obj.description.contains("orders")', true],
    ['obj.description.contains("\\"orders\\"")', true],
    ["obj.description.contains('\"orders\"')", true],
    ['obj.description.contains("Orders")', false],
    ['obj.description.contains( "" )', true],
    ['obj.addr.startsWith("local")', true],
    ['obj.addr.startsWith("20000")', false],
    ['obj.addr.endsWith(":20000")', true],
    ['obj.addr.endsWith("local")', false],
    ["obj.metadata.contains('o\\'neil')", true],
    ['obj.metadata.endsWith("}\\n")', true],
    ['obj.id == "ra_1" && obj.region == "us"', true],
    ['obj.id == "ra_1"&&obj.region == "eu"', false],
    ['obj.id == "ra_2" && obj.region == "us" && obj.addr != ""', false],
    ['obj.uri.endsWith("ra_1")', true],
  ])("%s is %p", (text, wanted) => {
    expect(judge(text)).toBe(wanted);
  });

  test.each([
    ["", unread(1)],
    ["true", unread(1)],
    ['addr == "a"', unread(1)],
    ['!(obj.addr == "a")', unread(1)],
    ['"a" == obj.addr', unread(1)],
    ['obj.addr < "a"', unread(1)],
    ['obj.addr.matches("a")', unread(1)],
    ["obj.addr == a", unread(13)],
    ["obj.addr == 5", unread(13)],
    ['obj.addr == "a', unread(13)],
    ['obj.addr == "a\\x41"', unread(13)],
    ['obj.addr == "a\nb"', unread(13)],
    ['obj.addr.contains("a"', unread(22)],
    ['obj.addr == "a")', unread(16)],
    ['obj.addr == "a" || obj.addr == "b"', unread(16)],
    ['obj.addr == "a" &&', unread(19)],
    ['obj.addr == "a" obj.id == "b"', unread(16)],
    ['obj.port == "1"', 'there is no text "port" to compare: there are id, uri, addr, description, metadata, region'],
    [
      'obj.constructor.contains("a")',
      'there is no text "constructor" to compare: there are id, uri, addr, description, metadata, region',
    ],
    [`obj.addr == "${"a".repeat(8192)}"`, "it must not be longer than 8192 characters"],
    [Array.from({ length: 33 }, () => 'obj.addr != ""').join("&&"), "it must not compare more than 32 times"],
  ])("%j is refused", (text, problem) => {
    expect(judge(text)).toBe(problem);
  });

  test("of 32 comparisons is read", () => {
    expect(judge(Array.from({ length: 32 }, () => 'obj.addr != ""').join(" && "))).toBe(true);
  });

  test("of whatever pieces is read or refused, and never thrown at", () => {
    const pieces = [
      "obj.",
      "addr",
      "id",
      ".contains(",
      ")",
      "==",
      "!=",
      "&&",
      " ",
      '"',
      "'",
      "\\",
      "a",
      "\n",
      "(",
      "é",
    ];
    const random = new Random(7);
    for (let round = 0; round < 5000; round++) {
      const text = Array.from({ length: random.below(14) }, () => pieces[random.below(pieces.length)]).join("");
      expect(["boolean", "string"]).toContain(typeof judge(text));
    }
  });
});
