import { expect, test } from "bun:test";
import { hashSource } from "../../../src/base/hash.ts";
import { pickSourceHash } from "../../../src/engine/balance/source-hash.ts";
import { candidatesOf, countPicks, type NamedCandidate, worstDeviation } from "../../support/candidates.ts";

const SOURCES = Array.from({ length: 20_000 }, (_, at) => hashSource(0x0a000000 + at));

/** Who serves each source. */
function served(candidates: readonly NamedCandidate[]): (string | undefined)[] {
  return SOURCES.map((source) => pickSourceHash(candidates, source)?.name);
}

test("sources are spread by weight", () => {
  for (const shares of [[1], [1, 1], [5, 3, 2], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 100], [0.5, 1, 1_000_000]]) {
    const candidates = candidatesOf(shares);
    const counts = countPicks(pickSourceHash, candidates, SOURCES.length, (at) => SOURCES[at] ?? 0);
    expect(worstDeviation(candidates, counts), shares.join()).toBeLessThan(4);
  }
});

test("a source always gets the same candidate, in whatever order they are known", () => {
  const candidates = candidatesOf([1, 2, 3, 1, 1]);
  const before = served(candidates);
  for (const candidate of candidates) candidate.connectionsActive += 10;
  expect(served(candidates)).toEqual(before);
  expect(served(candidates.toReversed())).toEqual(before);
});

test("without one of ten a tenth of the sources move: its own, and nobody else", () => {
  const candidates = candidatesOf(Array.from({ length: 10 }, () => 1));
  const before = served(candidates);
  for (const gone of candidates) {
    const after = served(candidates.filter((candidate) => candidate !== gone));
    const moved = before.filter((name, at) => name !== after[at]);
    expect(new Set(moved)).toEqual(new Set([gone.name]));
    expect(moved.length).toBe(before.filter((name) => name === gone.name).length);
    expect(Math.abs(moved.length - SOURCES.length / 10)).toBeLessThan(SOURCES.length / 50);
  }
});

test("with an eleventh an eleventh of the sources move: to it, and to nobody else", () => {
  const eleven = candidatesOf(Array.from({ length: 11 }, () => 1));
  const before = served(eleven.slice(0, 10));
  const after = served(eleven);
  const moved = after.filter((name, at) => name !== before[at]);
  expect(new Set(moved)).toEqual(new Set([eleven[10]?.name]));
  expect(Math.abs(moved.length - SOURCES.length / 11)).toBeLessThan(SOURCES.length / 50);
});

test("a weight that grows takes sources from the others and moves none between them", () => {
  const candidates = candidatesOf([2, 2, 2, 2]);
  const before = served(candidates);
  candidates.slice(1, 2).forEach((candidate) => (candidate.share = 3.5));
  const grown = served(candidates);
  const movedTo = grown.filter((name, at) => name !== before[at]);
  expect(new Set(movedTo)).toEqual(new Set(["b"]));
  candidates.slice(1, 2).forEach((candidate) => (candidate.share = 0.5));
  const shrunk = served(candidates);
  const movedFrom = before.filter((name, at) => name !== shrunk[at]);
  expect(new Set(movedFrom)).toEqual(new Set(["b"]));
});

test("nobody is picked when nobody is there", () => {
  expect(pickSourceHash([], 1)).toBeUndefined();
});
