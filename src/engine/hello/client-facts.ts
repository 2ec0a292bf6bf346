// What a client said of itself before its route was known, for all that comes after: log, PROXY headers, backends.

import { formatHostPort } from "../../base/address.ts";
import type { ProxyEndpoint, ProxyHeader } from "../../wire/proxy-header.ts";
import type { PolicyNote } from "../policy/policy-note.ts";
import type { BelievedCertificate } from "./client-certificate.ts";

/** Filled in step by step while the client is received, and not changed afterwards. */
export interface ClientFacts {
  /** The connection's number. */
  readonly id: number;
  /** When it was accepted, in monotonic milliseconds. */
  readonly openedMs: number;
  /** `address:port`; as a PROXY header told it, where there was one. */
  client: string;
  /** Its address alone; absent on unix sockets. */
  host: string | undefined;
  /** `address:port` of the proxy that told `client`. */
  proxySource?: string;
  /** Where the client connected to, as the proxy told it. */
  destination?: ProxyEndpoint;
  /** Of the proxy's connection. */
  uniqueId?: Uint8Array;
  /** It began with a TLS message, which was read. */
  speaksTls?: true;
  serverName?: string;
  /** The protocol that was agreed on, where TLS ends here. */
  alpn?: string;
  /** `TLSv1.3`, where TLS ends here. */
  tls?: string;
  certificate?: BelievedCertificate;
  /** The client asked for TLS as PostgreSQL's do, and has it with the backend: that has to be asked, too. */
  postgresTls?: true;
  /** What policies did; absent: it met none. */
  policy?: PolicyNote;
}

/** Takes over what a proxy that is believed says of its client. A header without an address leaves the proxy's own. */
export function believeProxy(facts: ClientFacts, { source, destination, tlvs }: ProxyHeader): void {
  facts.proxySource = facts.client;
  if (tlvs.uniqueId !== undefined) facts.uniqueId = tlvs.uniqueId.slice();
  if (destination !== undefined) facts.destination = destination;
  if (source === undefined) return;
  facts.client = formatHostPort(source.host, source.port);
  facts.host = source.host;
}
