import { expect, test } from "bun:test";
import { parse } from "yaml";
import { parseDocuments } from "../../src/config/document.ts";
import { formatYaml } from "../../src/config/yaml-text.ts";

test("data is written as kubectl writes it", () => {
  const value = { kind: "List", items: [{ metadata: { name: "a" }, ports: [1, 2] }, "x"], none: [], empty: {} };
  expect(formatYaml(value)).toBe(
    "kind: List\nitems:\n- metadata:\n    name: a\n  ports:\n  - 1\n  - 2\n- x\nnone: []\nempty: {}\n",
  );
});

test.each(["yes", "on", "n", "0777", "1e3", "12:30", "2026-01-01", "~", "null", "true", "", " x", "a: b", "# x", "*a"])(
  "%j is written so that nobody takes it for something else",
  (text) => {
    for (const version of ["1.1", "1.2"] as const) {
      const read: unknown = parse(formatYaml({ [text]: text }), { version });
      expect(read).toEqual({ [text]: text });
    }
  },
);

test("no line is folded and nothing is an alias", () => {
  const shared = { text: "word ".repeat(100).trim() };
  const text = formatYaml({ one: shared, other: shared });
  expect(text.split("\n")).toHaveLength(5);
  expect(text).not.toContain("&");
});

test("what a terminal would obey or hide is escaped, and reads back as it was", async () => {
  const marks = [
    "\u0000",
    "\u0007",
    "\u001b[2J",
    "\u007f",
    "\u0085",
    "\u009b2J",
    "\u202e",
    "\u2028",
    "\ufeff",
    "\u{e0001}",
  ];
  const value = Object.fromEntries(
    marks.flatMap((mark) => [
      [`k${mark}`, `a${mark}b`],
      [`l${mark}`, `a\nb${mark}\n`],
    ]),
  );
  const text = formatYaml(value);
  expect(text).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(parse(text)).toEqual(value);
  const { documents, diagnostics } = await parseDocuments("a.yaml", text);
  expect(diagnostics).toEqual([]);
  expect({ ...Object(documents[0]?.value) }).toEqual(value);
});
