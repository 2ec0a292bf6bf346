// The URL of an endpoint, where clients come in: which listener, which TLS name, or which name inside. Text only: whether the
// address may be had is not asked here, and what a binding wants of it is `binding.ts`.

import { formatHostPort } from "../base/address.ts";
import { quote } from "./rule.ts";
import { readHost, readPort, splitUrl, urlMistake, type UrlMistake, type UrlParts } from "./url-text.ts";

export type { UrlMistake } from "./url-text.ts";

/** Where clients of an endpoint come in. */
export interface EndpointUrl {
  readonly scheme: "tcp" | "tls";
  /** A name in lower case or an address without brackets; of a wildcard what follows `*.`. Absent: any address will do (`tcp://`). */
  readonly host?: string;
  /** 1–65535, with `tls://` 443 unless another one is written. Absent where `host` is. */
  readonly port?: number;
  /** The host ends with `.internal`: clients come from policies alone. */
  readonly internal: boolean;
  /** Every name with one label before `host`. */
  readonly wildcard: boolean;
}

const TLS_PORT = 443;
const INTERNAL = "internal";
/** Of names inside, all of them counted. */
const MAX_INTERNAL_LABELS = 5;

/**
 * Parses `tcp://`, `tcp://host:port`, `tls://host[:port]`; with `tls://` and inside (`.internal`) the host may begin with `*.`. Or tells
 * what is wrong, with the number that ngrok has for it. Total: never throws.
 */
export function parseEndpointUrl(text: string): EndpointUrl | UrlMistake {
  const parts = splitUrl(text, (authority) =>
    authority === "" ? "Write tcp:// for any address" : `Write tls://${authority} for TLS, or tcp://${authority}`,
  );
  if ("mistake" in parts) return parts;
  const { scheme, host: written } = parts;
  if (written === "" && parts.port === undefined && scheme === "tcp") {
    return { scheme, internal: false, wildcard: false };
  }
  const host = hostOf(parts);
  if ("mistake" in host) return host;
  const port = portOf(parts, host);
  return typeof port === "number" ? { scheme, ...host, port } : port;
}

/** The URL that was probably meant, whose clients are nobody else's: by its scheme, host and port. `undefined`: it is not known. */
export function meantEndpointUrl(text: string): EndpointUrl | undefined {
  const { scheme = "", place = "" } =
    /^\s*(?<scheme>[A-Za-z]+):\/\/(?:[^/?#@\s]*@)?(?<place>[^/?#\s]*)/.exec(text)?.groups ?? {};
  const url = parseEndpointUrl(`${scheme.toLowerCase()}://${place}`);
  return "mistake" in url ? undefined : url;
}

/** Writes a URL in the form that `parseEndpointUrl` reads; the port of `tls://` always. */
export function formatEndpointUrl({ scheme, host, port, wildcard }: EndpointUrl): string {
  if (host === undefined || port === undefined) return `${scheme}://`;
  return `${scheme}://${wildcard ? "*." : ""}${formatHostPort(host, port)}`;
}

interface Host {
  readonly host: string;
  readonly internal: boolean;
  readonly wildcard: boolean;
}

function hostOf({ scheme, host: written }: UrlParts): Host | UrlMistake {
  const wildcard = written.startsWith("*.");
  const found = readHost(wildcard ? written.slice(2) : written);
  if (found === undefined || (wildcard && found.isIp)) return badHost(scheme, written);
  const { host, isIp } = found;
  if (isIp && scheme === "tls") {
    const message = `Expected a host name with tls://, found the address ${host}: clients of TLS ask for a name`;
    return urlMistake("url-host", 9032, message);
  }
  const labels = host.split(".");
  const internal = !isIp && labels.at(-1) === INTERNAL;
  if (wildcard && scheme === "tcp" && !internal) {
    const message = `Cannot use ${quote(written)} with tcp://: such clients ask for no name, so that nobody could tell them apart`;
    return urlMistake("url-host", 9032, message, "Write one host, or tls:// for clients that speak TLS");
  }
  if (!internal) return { host, internal, wildcard };
  const count = labels.length + (wildcard ? 1 : 0);
  if (count < 2) return urlMistake("url-host", 9032, 'Expected a name before ".internal", as in db.internal');
  if (count <= MAX_INTERNAL_LABELS) return { host, internal, wildcard };
  const message = `Expected at most ${MAX_INTERNAL_LABELS} parts in a name that ends with .internal, found ${count}`;
  return urlMistake("url-host", 9031, message);
}

function badHost(scheme: UrlParts["scheme"], written: string): UrlMistake {
  if (written === "") {
    const message = `Expected a host after ${scheme}://, found nothing`;
    return urlMistake("url-host", 9034, message, scheme === "tcp" ? "Write tcp:// alone for any address" : undefined);
  }
  const hint = written.includes("*") ? "A * is the whole first label, as in *.db.internal" : undefined;
  return urlMistake("url-host", 9032, `Expected a host name or an address, found ${quote(written)}`, hint);
}

function portOf(parts: UrlParts, { host, wildcard }: Host): number | UrlMistake {
  if (parts.port !== undefined) return readPort(parts);
  if (parts.scheme === "tls") return TLS_PORT;
  const message = "Expected a port with tcp://, found none: there is no usual one";
  const shown = `${wildcard ? "*." : ""}${formatHostPort(host, "PORT")}`;
  return urlMistake("missing-port", 18003, message, `Write tcp://${shown}`);
}
