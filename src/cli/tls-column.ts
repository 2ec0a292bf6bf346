// What the table of routes says about TLS: what becomes of the client's, for which names, whether backends are spoken to
// in TLS, and certificates that somebody has to look after.

import { type Answer, NOTHING, objectOf, textOf, textsOf } from "./answer.ts";
import { formatDuration } from "./quantity.ts";
import { type Column, type Paint, shortened, shortList } from "./table.ts";

/** Certificates are renewed well before: one that has less left was forgotten. */
const SOON_MS = 30 * 86_400_000;
/** A route with many or long names must not push the rest of its row off the screen. */
const MOST_NAMES = 2;
const MAX_NAME_CHARACTERS = 40;

/** How urgent a cell is, the most urgent last. */
const LEVELS = ["fine", "warn", "bad"] as const;
type Level = (typeof LEVELS)[number];

/** A phrase about one side of a route. */
interface Said {
  readonly text: string;
  readonly level: Level;
}

/** The column, when one of the routes has something to say in it. */
export function tlsColumns(rows: readonly Answer[], paint: Paint, nowMs: number = Date.now()): Column<Answer>[] {
  if (!rows.some((row) => "tls" in row || "upstreamTls" in row)) return [];
  const column: Column<Answer> = {
    title: "TLS",
    value: (row) => {
      const said = sidesOf(row, nowMs).map(({ text }) => text);
      return said.length === 0 ? NOTHING : said.join("; ");
    },
    paint: (text, row) => {
      const worst = Math.max(0, ...sidesOf(row, nowMs).map(({ level }) => LEVELS.indexOf(level)));
      if (worst === 0) return text;
      return LEVELS[worst] === "bad" ? paint.bad(text) : paint.warn(text);
    },
  };
  return [column];
}

/** `terminate db.example.com,*.x,+2 (expires in 12d)` and `upstream insecure`. */
function sidesOf(row: Answer, nowMs: number): readonly Said[] {
  const sides: Said[] = [];
  if ("tls" in row) {
    const tls = objectOf(row, "tls");
    const names = textsOf(tls, "hostnames").map((name) => shortened(name, MAX_NAME_CHARACTERS));
    const shown = names.length === 0 ? "*" : shortList(names, MOST_NAMES);
    sides.push(withExpiry(`${textOf(tls, "mode")} ${shown}`, tls, nowMs));
  }
  if ("upstreamTls" in row) {
    const upstream = objectOf(row, "upstreamTls");
    const insecure = upstream["insecure"] === true;
    const { text, level } = withExpiry(insecure ? "upstream insecure" : "upstream", upstream, nowMs);
    sides.push({ text, level: insecure && level === "fine" ? "warn" : level });
  }
  return sides;
}

/** `of` may have a certificate. */
function withExpiry(text: string, of: Answer, nowMs: number): Said {
  const certificate = objectOf(of, "certificate");
  const beginsMs = Date.parse(textOf(certificate, "notBefore"));
  const leftMs = Date.parse(textOf(certificate, "notAfter")) - nowMs;
  // What is no date compares with nothing, and nothing is said.
  if (leftMs <= 0) return { text: `${text} (expired)`, level: "bad" };
  if (beginsMs > nowMs) return { text: `${text} (not valid yet)`, level: "bad" };
  if (leftMs < SOON_MS) return { text: `${text} (expires in ${formatDuration(leftMs)})`, level: "warn" };
  return { text, level: "fine" };
}
