// Log lines for machines: one JSON object per line, with the same keys in the same order every time. Written by hand
// instead of through JSON.stringify of an object, which costs several times as much per connection.

import type { AccessRecord, LogFields, LogLevel } from "./log.ts";
import { clip, MAX_CERT_UNITS } from "./log-text.ts";
import { policyMembers } from "./policy-fields.ts";

/** `{"time","level","event","message",…fields}` and a line feed. Fields that are undefined are left out. */
export function formatJson(
  time: string,
  level: LogLevel,
  event: string,
  message: string,
  fields: LogFields | undefined,
): string {
  let line = `{"time":"${time}","level":"${level}","event":${quote(event)},"message":${quote(message)}`;
  if (fields !== undefined) {
    for (const name in fields) {
      const value = fields[name];
      if (value !== undefined) line += `,${quote(name)}:${typeof value === "string" ? quote(value) : scalar(value)}`;
    }
  }
  return `${line}}\n`;
}

/** The access line of design 6, and a line feed. What was not there is left out. `said`: see `membersOf`. */
export function formatAccessJson(time: string, record: AccessRecord, said = membersOf(record)): string {
  const { backend, sni, connectMs, limit, detail, proxySource, tls, clientCert } = record;
  return `{"time":"${time}","event":"connection","id":${quote(record.id)},"route":${quote(record.route)},"listener":${quote(record.listener)},"client":${quote(record.client)}${
    backend === undefined ? "" : `,"backend":${quote(backend)}`
  }${sni === undefined ? "" : `,"sni":${quote(sni)}`},"bytesIn":${record.bytesIn},"bytesOut":${record.bytesOut},"durationMs":${milliseconds(record.durationMs)}${
    connectMs === undefined ? "" : `,"connectMs":${milliseconds(connectMs)}`
  },"reason":"${record.reason}"${limit === undefined ? "" : `,"limit":"${limit}"`}${
    detail === undefined ? "" : `,"detail":${quote(detail)}`
  }${
    proxySource === undefined ? "" : `,"proxySource":${quote(proxySource)}`
  }${tls === undefined ? "" : `,"tls":${quote(tls)}`}${
    clientCert === undefined ? "" : `,"clientCert":${quote(clip(clientCert, MAX_CERT_UNITS))}`
  }${said}}\n`;
}

/** What policies have to say, as the last members of the line; empty when that is nothing. */
export function membersOf({ policy }: AccessRecord): string {
  return policy === undefined ? "" : policyMembers(policy);
}

/** Microseconds are the last digits that mean anything. */
function milliseconds(value: number): number {
  return Number.isInteger(value) ? value : Math.round(value * 1000) / 1000;
}

/** JSON has no word for infinity. */
function scalar(value: number | boolean): string {
  return typeof value === "number" && !Number.isFinite(value) ? "null" : String(value);
}

// Anything but printable ASCII without quote and backslash.
const NEEDS_ESCAPE = /[^ !#-[\]-~]/;

function quote(text: string): string {
  // Nearly every value is a name or an address that needs nothing; what a peer sent goes through the real thing.
  return NEEDS_ESCAPE.test(text) || text.length > MAX_PLAIN_UNITS ? JSON.stringify(clip(text)) : `"${text}"`;
}

/** Longer values are looked at more closely: see `clip`. */
const MAX_PLAIN_UNITS = 256;
