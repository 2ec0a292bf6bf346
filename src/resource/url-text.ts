// What the URLs of endpoints and of their upstreams have in common: a scheme, a host, a port, and nothing else. Numbers in
// brackets are ngrok's own of the same mistake, for people who look it up.

import { isHostName } from "../base/address.ts";
import { formatIp, parseIp } from "../base/ip.ts";
import { suggest } from "../base/suggest.ts";
import { quote } from "./rule.ts";

/** Why a text is no such URL. */
export interface UrlMistake {
  /** Stable, and without an area: `url-port`. */
  readonly mistake: string;
  /** A whole sentence, with ngrok's number of the mistake at its end where it has one. */
  readonly message: string;
  readonly hint?: string;
}

/** A URL taken apart. */
export interface UrlParts {
  readonly scheme: "tcp" | "tls";
  /** Everything between `://` and the port, as it was written; empty when there is nothing. */
  readonly host: string;
  /** As it was written; absent when there is none. */
  readonly port?: string;
}

/** A name of 253 characters with a scheme and a port is shorter by far. */
const MAX_URL_CHARS = 1024;
const SCHEMES = ["tcp", "tls"] as const;
const MAX_PORT = 65_535;

/** A mistake; `error` is ngrok's number of it. */
export function urlMistake(mistake: string, error: number, message: string, hint?: string): UrlMistake {
  const told = { mistake, message: `${message} (ERR_NGROK_${error})` };
  return hint === undefined ? told : { ...told, hint };
}

/**
 * Takes a URL with `tcp://` or `tls://` apart, or tells why it cannot. `httpHint` says what to write in place of a URL of HTTP with
 * this host and port; a port that was not written is the scheme's. Total: never throws, and repeats no user info.
 */
export function splitUrl(text: string, httpHint: (authority: string) => string): UrlParts | UrlMistake {
  if (text.length > MAX_URL_CHARS) {
    return urlMistake("bad-url", 9034, `Expected a URL of at most ${MAX_URL_CHARS} characters, found ${text.length}`);
  }
  const at = text.indexOf("://");
  if (at === -1) return withoutScheme(text);
  const written = text.slice(0, at);
  const rest = text.slice(at + "://".length);
  const authority = /^[^/?#\\]*/.exec(rest)?.[0] ?? "";
  // It may have a password in it.
  if (authority.includes("@")) {
    return urlMistake(
      "url-part",
      9037,
      "A URL of an endpoint has no user info: found an @",
      "Leave out all up to the @",
    );
  }
  const scheme = SCHEMES.find((known) => known === written);
  if (scheme === undefined) return wrongScheme(written, authority, httpHint);
  // Without what would be repeated in full by mistake.
  const wanted = `${scheme}://${authority}`;
  const tail = rest.slice(authority.length);
  if (tail === "/") {
    return urlMistake("trailing-slash", 9038, `Expected no "/" at the end of ${quote(text)}`, `Write ${wanted}`);
  }
  if (tail !== "") {
    const part = tail.startsWith("?") ? "query" : tail.startsWith("#") ? "fragment" : "path";
    return urlMistake("url-part", 9037, `A URL of an endpoint has no ${part}: found ${quote(tail)}`, `Write ${wanted}`);
  }
  if (!/^[!-~]*$/.test(authority)) {
    const message = `Expected a host and a port in ASCII without spaces, found ${quote(authority)}`;
    return urlMistake("bad-url", 9034, message, "International names are written in their ASCII form (xn--…)");
  }
  const colon = /^\[[^\]]*\]$/.test(authority) ? -1 : authority.lastIndexOf(":");
  if (colon === -1) return { scheme, host: authority };
  const host = authority.slice(0, colon);
  if (host.includes(":") && !/^\[.*\]$/.test(host)) {
    const message = `An IPv6 address needs brackets, as in ${scheme}://[2001:db8::1]:5432, found ${quote(authority)}`;
    return urlMistake("bad-url", 9034, message);
  }
  return { scheme, host, port: authority.slice(colon + 1) };
}

/** The number of a port, from 1 to 65535, or why it is none. */
export function readPort({ scheme, port = "" }: UrlParts): number | UrlMistake {
  if (!/^\d{1,9}$/.test(port)) {
    return urlMistake("url-port", 4501, `Expected a port from 1 to ${MAX_PORT}, found ${quote(port)}`);
  }
  const number = Number(port);
  if (number >= 1 && number <= MAX_PORT) return number;
  const message = `Expected a port from 1 to ${MAX_PORT} with ${scheme}://, found ${quote(port)}`;
  return urlMistake("url-port", scheme === "tcp" ? 4502 : 18023, message);
}

/** A host in the form in which it is compared: an address in its short form, or a name in lower case without its last dot. */
export function readHost(written: string): { readonly host: string; readonly isIp: boolean } | undefined {
  const bracketed = /^\[(.*)\]$/.exec(written)?.[1];
  const ip = parseIp(bracketed ?? written);
  if (ip !== undefined) return { host: formatIp(ip), isIp: true };
  if (bracketed !== undefined || !isHostName(written)) return undefined;
  return { host: written.replace(/\.$/, "").toLowerCase(), isIp: false };
}

function withoutScheme(text: string): UrlMistake {
  const hint = /^[^\s/@:]+:\d{1,5}$/.test(text) ? `Write tcp://${text}` : "Write tcp://HOST:PORT or tls://HOST:PORT";
  const found = text.includes("@") ? "a text without a scheme" : quote(text);
  return urlMistake("bad-url", 4500, `Expected a URL with a scheme, found ${found}`, hint);
}

function wrongScheme(written: string, authority: string, httpHint: (authority: string) => string): UrlMistake {
  const lower = written.toLowerCase();
  if (lower === "http" || lower === "https") {
    const message = `Expected tcp:// or tls://, found ${lower}://: connections are carried as they are, and nobody here speaks HTTP`;
    const port = lower === "http" ? "80" : "443";
    const known = authority === "" || /:\d+$/.test(authority) ? authority : `${authority}:${port}`;
    return urlMistake("url-scheme", 9036, message, httpHint(known));
  }
  const near = SCHEMES.find((known) => known === lower) ?? suggest(written, SCHEMES);
  const hint = near === undefined ? undefined : `Write ${near}://${authority}`;
  return urlMistake("url-scheme", 9036, `Expected tcp:// or tls://, found ${quote(`${written}://`)}`, hint);
}
