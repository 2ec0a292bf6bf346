// The beginning of a PostgreSQL client, step by step: it may ask for encryption, once for each kind, before it says what
// it wants or begins with TLS. Says what to answer and what comes next; answering is the owner's business.

import { POSTGRES_ENCRYPTION_REFUSED, POSTGRES_TLS_ACCEPTED, readPostgresStart } from "../../wire/postgres.ts";

/** What the bytes so far call for. `tls`: what is there, and follows, is TLS; `asked`: after a request that was accepted. */
export type OpeningStep =
  | { readonly kind: "more" }
  /** Send the byte, pass over `length` bytes, and look again. */
  | { readonly kind: "answer"; readonly byte: number; readonly length: number }
  | { readonly kind: "tls"; readonly asked: boolean }
  | { readonly kind: "startup" }
  | { readonly kind: "cancel"; readonly pid: number; readonly key: Uint8Array; readonly length: number }
  | { readonly kind: "wrong"; readonly why: string };

export class PostgresOpening {
  readonly #offersTls: boolean;
  readonly #inTls: boolean;
  #askedTls = false;
  #askedGss = false;
  #accepted = false;

  /** `offersTls`: a request for TLS is granted. `inTls`: this is what is inside of TLS, and nothing can be asked for. */
  constructor(offersTls: boolean, inTls: boolean) {
    this.#offersTls = offersTls && !inTls;
    this.#inTls = inTls;
  }

  /** Judges all bytes that were not passed over. */
  read(bytes: Uint8Array): OpeningStep {
    if (this.#accepted) return { kind: "tls", asked: true };
    const start = readPostgresStart(bytes);
    if (start === "more") return { kind: "more" };
    switch (start.kind) {
      case "not-postgres":
        return { kind: "wrong", why: "Not a PostgreSQL client" };
      case "malformed":
        return { kind: "wrong", why: start.why };
      case "tls":
        return this.#offersTls && !this.#askedTls
          ? { kind: "tls", asked: false }
          : { kind: "wrong", why: "TLS where none was agreed to" };
      case "startup":
        return { kind: "startup" };
      case "cancel-request":
        return { kind: "cancel", pid: start.pid, key: start.key, length: start.length };
      case "gss-request":
        return this.#refuseGss(start.length);
      case "ssl-request":
        return this.#answerTls(bytes, start.length);
    }
  }

  #refuseGss(length: number): OpeningStep {
    if (this.#askedGss || this.#inTls) return { kind: "wrong", why: "A request for encryption out of place" };
    this.#askedGss = true;
    return { kind: "answer", byte: POSTGRES_ENCRYPTION_REFUSED, length };
  }

  #answerTls(bytes: Uint8Array, length: number): OpeningStep {
    if (this.#askedTls || this.#inTls) return { kind: "wrong", why: "A request for encryption out of place" };
    this.#askedTls = true;
    if (!this.#offersTls) return { kind: "answer", byte: POSTGRES_ENCRYPTION_REFUSED, length };
    // They would pass as if they had been encrypted (CVE-2021-23214).
    if (bytes.length > length) return { kind: "wrong", why: "Bytes in the clear after the request for TLS" };
    this.#accepted = true;
    return { kind: "answer", byte: POSTGRES_TLS_ACCEPTED, length };
  }
}
