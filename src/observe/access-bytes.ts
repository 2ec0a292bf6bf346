// The access line as bytes, written straight into the buffer that goes to the log's reader: no strings are made, so a
// connection leaves no garbage behind for it. The same line as `formatAccessJson`; a test compares the two.

import type { AccessRecord } from "./log.ts";

/** Names, addresses and the rest take less than this; a record with longer values is written the slow way. */
const MAX_VALUE_UNITS = 256;

/** Room for one line: ten values of any length that the fast way takes, and the numbers, our own words and the keys between them. */
export const ACCESS_LINE_BYTES = 10 * MAX_VALUE_UNITS + 512;

const ZERO = 48;

/** Whether every value is short, printable ASCII without quote and backslash, so that it can be written as it is. */
export function isPlainRecord(record: AccessRecord): boolean {
  const { id, route, listener, client, backend, sni, proxySource, tls, clientCert, detail } = record;
  return (
    isPlain(id) &&
    isPlain(route) &&
    isPlain(listener) &&
    isPlain(client) &&
    (backend === undefined || isPlain(backend)) &&
    (sni === undefined || isPlain(sni)) &&
    (proxySource === undefined || isPlain(proxySource)) &&
    (tls === undefined || isPlain(tls)) &&
    (clientCert === undefined || isPlain(clientCert)) &&
    (detail === undefined || isPlain(detail))
  );
}

function isPlain(text: string): boolean {
  if (text.length > MAX_VALUE_UNITS) return false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return false;
  }
  return true;
}

/** The same of members of an object that are JSON already. Longer ones are rare, and would take much room for each line. */
export function isPlainJson(json: string): boolean {
  if (json.length > MAX_MEMBERS_UNITS) return false;
  for (let index = 0; index < json.length; index++) if (json.charCodeAt(index) > 0x7e) return false;
  return true;
}

const MAX_MEMBERS_UNITS = 2_048;

/** Writes the line of a plain record at `at` and gives its end. `said`: further members, each with a comma in front; plain JSON. */
export function writeAccessLine(into: Uint8Array, at: number, time: string, record: AccessRecord, said = ""): number {
  const { backend, sni, connectMs, proxySource, tls, clientCert, detail } = record;
  let end = put(into, put(into, at, '{"time":"'), time);
  end = put(into, put(into, end, '","event":"connection","id":"'), record.id);
  end = put(into, put(into, end, '","route":"'), record.route);
  end = put(into, put(into, end, '","listener":"'), record.listener);
  end = put(into, put(into, end, '","client":"'), record.client);
  if (backend !== undefined) end = put(into, put(into, end, '","backend":"'), backend);
  if (sni !== undefined) end = put(into, put(into, end, '","sni":"'), sni);
  end = whole(into, put(into, end, '","bytesIn":'), record.bytesIn);
  end = whole(into, put(into, end, ',"bytesOut":'), record.bytesOut);
  end = milliseconds(into, put(into, end, ',"durationMs":'), record.durationMs);
  if (connectMs !== undefined) end = milliseconds(into, put(into, end, ',"connectMs":'), connectMs);
  end = put(into, end, ',"reason":"');
  end = put(into, end, record.reason);
  // One of our own words, like the reason.
  if (record.limit !== undefined) end = put(into, put(into, end, '","limit":"'), record.limit);
  if (detail !== undefined) end = put(into, put(into, end, '","detail":"'), detail);
  if (proxySource !== undefined) end = put(into, put(into, end, '","proxySource":"'), proxySource);
  if (tls !== undefined) end = put(into, put(into, end, '","tls":"'), tls);
  if (clientCert !== undefined) end = put(into, put(into, end, '","clientCert":"'), clientCert);
  return put(into, put(into, put(into, end, '"'), said), "}\n");
}

/** Plain ASCII. */
function put(into: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) into[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** A whole number that is not negative. */
function whole(into: Uint8Array, at: number, number: number): number {
  let digits = 1;
  for (let rest = number; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  let rest = number;
  for (let index = at + digits - 1; index >= at; index--) {
    const next = Math.floor(rest / 10);
    into[index] = ZERO + (rest - next * 10);
    rest = next;
  }
  return at + digits;
}

/** Up to three decimals, without trailing zeros. */
function milliseconds(into: Uint8Array, at: number, number: number): number {
  const micros = Math.round(number * 1000);
  const integer = Math.floor(micros / 1000);
  let end = whole(into, at, integer);
  let fraction = micros - integer * 1000;
  if (fraction === 0) return end;
  into[end++] = 46;
  for (let unit = 100; fraction > 0; unit /= 10) {
    const digit = Math.floor(fraction / unit);
    into[end++] = ZERO + digit;
    fraction -= digit * unit;
  }
  return end;
}
