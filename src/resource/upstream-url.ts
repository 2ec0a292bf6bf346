// The URL of an upstream: where an endpoint of an agent passes its clients on to.

import { quote } from "./rule.ts";
import { readHost, readPort, splitUrl, urlMistake, type UrlMistake } from "./url-text.ts";

/** Where clients go. With `tls` they go through TLS that begins here. */
export interface UpstreamUrl {
  readonly scheme: "tcp" | "tls";
  /** A name in lower case, or an address without brackets. */
  readonly host: string;
  /** 1–65535. */
  readonly port: number;
}

/** A port, maybe with a host, and no scheme: elsewhere that is HTTP. */
const BARE = /^(?:([A-Za-z0-9._-]+):)?(\d{1,5})$/;

/** Parses `tcp://host:port` or `tls://host:port`, or tells what is wrong. Total: never throws. */
export function parseUpstreamUrl(text: string): UpstreamUrl | UrlMistake {
  const bare = BARE.exec(text);
  if (bare !== null) {
    const message = `Expected tcp:// or tls:// with a host and a port, found ${quote(text)}, which is a server of HTTP`;
    return urlMistake("url-scheme", 9036, message, `Write tcp://${bare[1] ?? "localhost"}:${bare[2]}`);
  }
  const parts = splitUrl(text, (authority) => {
    const wanted = authority === "" ? "localhost:443" : authority;
    return /^http:/i.test(text) ? `Write tcp://${wanted}` : `Write tls://${wanted}`;
  });
  if ("mistake" in parts) return parts;
  const { scheme, host: written, port } = parts;
  const found = readHost(written);
  if (found === undefined) {
    return urlMistake("url-host", 9034, `Expected a host name or an address, found ${quote(written)}`);
  }
  if (port === undefined) {
    const message = `Expected a port with ${scheme}://, found none`;
    return urlMistake("missing-port", 18003, message, `Write ${scheme}://${written}:PORT`);
  }
  const number = readPort(parts);
  return typeof number === "number" ? { scheme, host: found.host, port: number } : number;
}
