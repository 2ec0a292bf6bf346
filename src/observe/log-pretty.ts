// Log lines for people at a terminal: time of day, level, sentence, then what else is known. Text that peers sent cannot
// move the cursor or fake a line: control characters are shown, not sent.

import type { AccessRecord, LogFields, LogLevel } from "./log.ts";
import { clip, MAX_CERT_UNITS } from "./log-text.ts";
import { policyFields } from "./policy-fields.ts";

/** What policies have to say of a connection is longer than anybody reads at a terminal. */
const MAX_POLICY_UNITS = 512;
const GREY = "\u001b[90m";
const RESET = "\u001b[0m";
const LEVEL_COLORS: Readonly<Record<LogLevel, string>> = {
  debug: GREY,
  info: "\u001b[36m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
};

/** `HH:MM:SS.mmm LEVEL message  name=value …` and a line feed; a stack follows on lines of its own. */
export function formatPretty(
  time: string,
  level: LogLevel,
  event: string,
  message: string,
  fields: LogFields | undefined,
  color: boolean,
): string {
  const head = `${paint(time, GREY, color)} ${paint(level.toUpperCase().padEnd(5), LEVEL_COLORS[level], color)}`;
  let rest = "";
  let stack = "";
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (value === undefined) continue;
    if (name === "stack" && typeof value === "string") stack = indent(value);
    else rest += ` ${name}=${typeof value === "string" ? word(value) : value}`;
  }
  const said = message === "" ? event : message;
  return `${head} ${visible(said)}${rest === "" ? "" : ` ${paint(rest, GREY, color)}`}\n${stack}`;
}

/** One ended connection: who, from where to where, how much, how long, why. */
export function formatAccessPretty(time: string, record: AccessRecord, color: boolean): string {
  const { route, client, backend, connectMs, bytesIn, bytesOut, durationMs, reason, id, listener, limit, detail } =
    record;
  const { sni, proxySource, tls, clientCert, policy } = record;
  const head = `${paint(time, GREY, color)} ${paint("CONN ", LEVEL_COLORS.info, color)}`;
  const said = `${visible(route)} ${visible(client)} → ${visible(backend ?? "-")} ${reason}`;
  const rest =
    ` in=${bytesIn} out=${bytesOut} ms=${Math.round(durationMs)}` +
    (connectMs === undefined ? "" : ` connect=${Math.round(connectMs * 1000) / 1000}`) +
    (sni === undefined ? "" : ` sni=${word(sni)}`) +
    (tls === undefined ? "" : ` tls=${word(tls)}`) +
    (clientCert === undefined ? "" : ` cert=${word(clip(clientCert, MAX_CERT_UNITS))}`) +
    (proxySource === undefined ? "" : ` proxy=${word(proxySource)}`) +
    (limit === undefined ? "" : ` limit=${limit}`) +
    (detail === undefined ? "" : ` detail=${JSON.stringify(detail)}`) +
    (policy === undefined
      ? ""
      : policyFields(policy, MAX_POLICY_UNITS)
          .map(([key, json]) => ` ${key}=${visible(json)}`)
          .join("")) +
    ` listener=${word(listener)} id=${word(id)}`;
  return `${head} ${said} ${paint(rest, GREY, color)}\n`;
}

function paint(text: string, code: string, color: boolean): string {
  return color ? `${code}${text}${RESET}` : text;
}

// What a terminal obeys instead of showing: control characters, and marks that reverse or hide text.
const CONTROL = /[\p{Cc}\p{Cf}]/gu;

function visible(text: string): string {
  return clip(text).replace(CONTROL, (mark) => `\\u{${mark.codePointAt(0)?.toString(16) ?? ""}}`);
}

/** A value as one word: quoted when it would read as several. */
function word(text: string): string {
  return /[\s"=]/.test(text) || text === "" ? visible(JSON.stringify(clip(text))) : visible(text);
}

function indent(stack: string): string {
  const lines = clip(stack).split("\n");
  return lines.map((line) => `    ${visible(line)}\n`).join("");
}
