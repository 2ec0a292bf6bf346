// What a route says about TLS: which names it takes, whether the gateway ends TLS or passes it through, which client
// certificates it wants, and how backends are spoken to. Where a PEM text is, not what is in it: that is `credentials.ts`.

import type { HostnamePattern } from "../base/hostname.ts";
import type { SubjectAltNames } from "../wire/x509-server.ts";

/** A text in PEM: in a file, its path as written (relative to the route's file), or in the route itself. */
export type PemSource = { readonly file: string } | { readonly text: string };

/** A certificate, followed by its chain, and its private key. */
export interface IdentitySpec {
  readonly certificate: PemSource;
  readonly key: PemSource;
}

/** Whose certificates are believed. */
export interface TrustSpec {
  /** One or more certificates. */
  readonly ca: PemSource;
  /** Lists of revoked certificates, one for each CA of the chain. */
  readonly crl?: PemSource;
}

/**
 * What a client certificate has to say. Every list that is there must have an entry that fits; of a list of rules one is
 * enough. Subject alternative names are compared with names of their own kind only, never the common name.
 */
export interface CertificateRule {
  /** DNS names; a pattern with a star means names of one label more. Never the catch-all. */
  readonly dnsNames?: readonly HostnamePattern[];
  /** URIs by the letter, or up to a `*` at the end: `spiffe://acme/billing/*`. */
  readonly uris?: readonly string[];
  /** Addresses with the domain in lower case, or `*@domain`. */
  readonly emails?: readonly string[];
  /** The subject's common names, by the letter. */
  readonly commonNames?: readonly string[];
  /** The subject's organizations, by the letter. */
  readonly organizations?: readonly string[];
  /** SHA-256 of the whole certificate, 64 lower-case hexadecimal digits. */
  readonly fingerprints?: readonly string[];
}

/** What is asked of clients of a route that terminates TLS. */
export interface ClientAuthSpec {
  readonly trust: TrustSpec;
  /** `request`: a client without a certificate is let in; one with a certificate that is not valid never is. */
  readonly mode: "require" | "request";
  /** One of these has to fit; empty: every valid certificate does. With rules, a client without a certificate is refused. */
  readonly allow: readonly CertificateRule[];
}

/** The client's TLS ends at the gateway. */
export interface TerminateSpec {
  readonly mode: "terminate";
  /** Names that the route takes; empty: all, and clients that give none. */
  readonly hostnames: readonly HostnamePattern[];
  readonly identity: IdentitySpec;
  readonly minVersion: "1.2" | "1.3";
  /** Protocols that are agreed to, the most wanted first; empty: the client's wishes are ignored. */
  readonly alpn: readonly string[];
  readonly clientAuth?: ClientAuthSpec;
}

/** The client's TLS goes through to the backend unread, but for its first message. */
export interface PassthroughSpec {
  readonly mode: "passthrough";
  readonly hostnames: readonly HostnamePattern[];
}

export type TlsSpec = TerminateSpec | PassthroughSpec;

/** How backends are spoken to in TLS. Their certificates are verified, unless `insecure`. */
export interface UpstreamTlsSpec {
  /** Absent: the authorities that the system trusts. */
  readonly trust?: TrustSpec;
  /** Name that is asked for and that the certificate must have; absent: the host of the backend as written. */
  readonly serverName?: string;
  /**
   * Absent: the server's name, whichever that is, must be in its certificate. Otherwise that is only asked for, and one of these
   * must be there (BackendTLSPolicy).
   */
  readonly subjectAltNames?: SubjectAltNames;
  /** What the gateway shows of itself. */
  readonly identity?: IdentitySpec;
  /** Nothing of the backend's certificate is verified. */
  readonly insecure: boolean;
  /** Clients whose TLS was not ended here are passed on as they are: theirs is meant for the backend. */
  readonly unlessTls?: true;
}
