// Tables and colours for terminals. Columns are aligned whether or not a terminal reads them; colours are used only when
// one does. Control characters in values are shown, not sent.

import { NOTHING } from "./answer.ts";

/** Paints text, or leaves it alone. */
export interface Paint {
  bold(text: string): string;
  grey(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
}

/** `color` false gives the text back as it is. */
export function createPaint(color: boolean): Paint {
  const painter =
    (code: number) =>
    (text: string): string =>
      color ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { bold: painter(1), grey: painter(90), good: painter(32), warn: painter(33), bad: painter(31) };
}

/** Whether a stream wants colours: a terminal, and nobody said NO_COLOR. */
export function wantsColor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  const refused = env["NO_COLOR"];
  return isTerminal && (refused === undefined || refused === "") && env["TERM"] !== "dumb";
}

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers are aligned right. */
  readonly right?: boolean;
  readonly paint?: (text: string, row: Row) => string;
}

/** Rows under their titles, two spaces between columns; a line feed at the end of each line. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], paint: Paint): string {
  const cells = rows.map((row) => columns.map((column) => printable(column.value(row))));
  const widths = columns.map((column, index) =>
    cells.reduce((width, line) => Math.max(width, line[index]?.length ?? 0), column.title.length),
  );
  const head = columns.map((column, index) => pad(column.title, widths[index] ?? 0, column.right === true));
  const lines = [paint.bold(head.join("  ").trimEnd())];
  for (const [rowIndex, row] of rows.entries()) {
    const line = columns.map((column, index) => {
      const cell = cells[rowIndex]?.[index] ?? "";
      const padded = pad(cell, widths[index] ?? 0, column.right === true);
      return column.paint === undefined ? padded : padded.replace(cell, () => column.paint?.(cell, row) ?? cell);
    });
    lines.push(line.join("  ").trimEnd());
  }
  return `${lines.join("\n")}\n`;
}

/** A range of thousands of ports must not make a line of thousands of names. */
const MOST_NAMES = 3;

/** The first few names, and how many more there are. */
export function shortList(names: readonly string[], most: number = MOST_NAMES): string {
  if (names.length === 0) return NOTHING;
  const shown = names.slice(0, most).join(",");
  return names.length > most ? `${shown},+${names.length - most}` : shown;
}

/** A text of at most `most` characters; a longer one loses its end. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Text that a terminal shows as it is. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (mark) => `\\u{${mark.codePointAt(0)?.toString(16) ?? ""}}`);
}

function pad(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width);
}
