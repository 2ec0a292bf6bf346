// From plain data to a YAML text that every tool reads the same way: what YAML 1.1 would take for something else is in
// quotes, no line is folded, nothing is an alias, and what a terminal would obey is escaped. The only file that knows how the
// YAML library writes.

import { Document, Scalar, visit } from "yaml";

/** Control and format characters, but for tabs and the end of a line. */
const UNSEEN = /[^\P{Cc}\t\n]|[\p{Cf}\p{Zl}\p{Zp}]/u;
const ALL_UNSEEN = new RegExp(UNSEEN, "gu");

/** Lists are as far to the left as their key, as kubectl has them. */
export function formatYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false, compat: "yaml-1.1" });
  // Only between double quotes there are escapes.
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === "string" && UNSEEN.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0, indentSeq: false }).replace(ALL_UNSEEN, (mark) => {
    const code = (mark.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}
