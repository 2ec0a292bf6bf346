// What there is to say about a certificate, a key or a list of revoked certificates, before it is known which routes refer
// to it. No message ever has a part of a key in it; of certificates, only names.

import type { Severity } from "../base/diagnostic.ts";

/** Which of the texts that belong together is meant; the key under which a route refers to it. */
export type CredentialPart = "certificate" | "key" | "ca" | "crl";

/** One message about one text. */
export interface Finding {
  readonly part: CredentialPart;
  readonly severity: Severity;
  /** `tls/what`. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** From when to when something holds: judged at every load, because time passes by itself. */
export interface Period {
  readonly part: CredentialPart;
  /** `The certificate`, `The CA "x"`. */
  readonly what: string;
  readonly kind: "certificate" | "crl";
  readonly fromMs: number;
  readonly toMs: number;
}

/** What was made of some texts, and what there is to say about them. */
export interface Judged<Value> {
  /** Absent: there is an error. */
  readonly value?: Value;
  readonly findings: readonly Finding[];
  readonly periods: readonly Period[];
}

/** Before a certificate ends, whoever has to replace it should hear of it for so long. */
export const EXPIRY_NOTICE_MS = 14 * 86_400_000;

/** What is wanted of each part, as messages call it. */
export const WANTED: Readonly<Record<CredentialPart, string>> = {
  certificate: "a certificate",
  key: "a private key",
  ca: "certificates of authorities",
  crl: "lists of revoked certificates",
};

/** Collects what is said about texts that belong together. */
export class Findings {
  readonly all: Finding[] = [];

  /** Whether there was an error. */
  get failed(): boolean {
    return this.all.some(({ severity }) => severity === "error");
  }

  error(part: CredentialPart, code: string, message: string, hint?: string): void {
    this.#add("error", part, code, message, hint);
  }

  note(part: CredentialPart, code: string, message: string, hint?: string): void {
    this.#add("notice", part, code, message, hint);
  }

  warn(part: CredentialPart, code: string, message: string, hint?: string): void {
    this.#add("warning", part, code, message, hint);
  }

  #add(severity: Severity, part: CredentialPart, code: string, message: string, hint: string | undefined): void {
    this.all.push({ part, severity, code: `tls/${code}`, message, ...(hint === undefined ? {} : { hint }) });
  }
}

/** Warnings about what is over, does not hold yet, or ends soon. What is over is served: to serve nothing is no better. */
export function judgePeriods(periods: readonly Period[], nowMs: number): readonly Finding[] {
  const findings = new Findings();
  for (const { part, what, kind, fromMs, toMs } of periods) {
    if (nowMs > toMs) {
      if (kind === "certificate") findings.warn(part, "expired", `${what} expired on ${formatDay(toMs)}`);
      else {
        const message = `${what} was due to be replaced on ${formatDay(toMs)}: every certificate of its issuer is refused`;
        findings.warn(part, "crl-expired", message, "Fetch the current list from the authority");
      }
    } else if (nowMs < fromMs) {
      findings.warn(part, "not-yet-valid", `${what} is not valid before ${formatDay(fromMs)}`);
    } else if (kind === "certificate" && toMs - nowMs < EXPIRY_NOTICE_MS) {
      findings.warn(part, "expires-soon", `${what} expires on ${formatDay(toMs)}`);
    }
  }
  return findings.all;
}

function formatDay(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace(/:\d\d\.\d{3}Z$/, "Z")
    .replace("T", " ");
}
