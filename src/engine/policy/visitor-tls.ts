// What expressions may ask of a client's TLS: read from what was seen of it when they ask, and once. A certificate is taken
// apart only then.

import { CelError } from "../../cel/cel-error.ts";
import type { CertificateFacts, TlsFacts } from "../../cel/facts.ts";
import type { Handshake } from "../../runtime/tls.ts";
import { ja4Fingerprint } from "../../wire/ja4.ts";
import { parsePem } from "../../wire/pem.ts";
import { readCertificateDetails } from "../../wire/x509-details.ts";
import type { ClientFacts } from "../hello/client-facts.ts";

/** What was seen of a client's TLS. Kept until the client has its backend, and no longer. */
export interface TlsSeen {
  /** The records of its ClientHello. */
  readonly hello?: Uint8Array;
  /** PEM of what we have shown, our own certificate first; absent where TLS goes through. */
  readonly shown?: string;
  /** Absent where TLS goes through. */
  readonly handshake?: Handshake;
}

export class VisitorTls implements TlsFacts {
  readonly #facts: ClientFacts;
  readonly #seen: TlsSeen;
  #ja4: string | undefined;
  #client: CertificateFacts | undefined;
  #server: CertificateFacts | undefined;

  constructor(facts: ClientFacts, seen: TlsSeen) {
    this.#facts = facts;
    this.#seen = seen;
  }

  get version(): string {
    return this.#facts.tls?.replace(/^TLSv/, "") ?? "";
  }

  get cipherSuite(): string {
    return this.#seen.handshake?.session?.cipherSuite ?? "";
  }

  get sni(): string {
    return this.#facts.serverName ?? "";
  }

  get alpn(): string {
    return this.#facts.alpn ?? "";
  }

  get ja4(): string {
    const { hello } = this.#seen;
    this.#ja4 ??= hello === undefined ? "" : ja4Fingerprint(hello);
    return this.#ja4;
  }

  get resumed(): boolean {
    return this.#seen.handshake?.session?.resumed ?? false;
  }

  /** What it has shown and was believed. Throws CelError when that cannot be said in words. */
  get client(): CertificateFacts | undefined {
    const der = this.#seen.handshake?.certificate;
    // Another one than a believed one is not to be spoken of.
    if (der === undefined || this.#facts.certificate === undefined) return undefined;
    this.#client ??= detailsOf(der, "The client's certificate");
    return this.#client;
  }

  /** Throws CelError when it cannot be said in words. */
  get server(): CertificateFacts | undefined {
    const { shown } = this.#seen;
    if (shown === undefined) return undefined;
    this.#server ??= detailsOf(firstIn(shown), "Our own certificate");
    return this.#server;
  }
}

function firstIn(pem: string): Uint8Array {
  const found = parsePem(pem).blocks.find(({ label }) => label === "CERTIFICATE");
  return found?.bytes ?? new Uint8Array();
}

/** Fail closed: a rule must not take names that cannot be read for names that are not there. */
function detailsOf(der: Uint8Array, whose: string): CertificateFacts {
  const details = readCertificateDetails(der);
  if (details === undefined) throw new CelError("bad-argument", `${whose} has names that cannot be read`);
  return details;
}
