// Checks of backends that are spoken to in their own way first, and what to compare them with: the certificates in
// test/fixtures/tls last a hundred years, but for the expired one; two.pem is revoked by two-revoked.crl.

import { type CheckApproach, makeReady } from "../../src/engine/health/approach.ts";
import { type CheckOutcome, type RunningCheck, runCheck } from "../../src/engine/health/check.ts";
import { CheckContexts } from "../../src/engine/health/tls-client.ts";
import type { UpstreamTlsPlan } from "../../src/plan/plan.ts";
import type { CheckSpec } from "../../src/resource/health.ts";
import { latin1 } from "./dialogue.ts";
import { tlsFixture, type TlsFrontOptions } from "./tls-front.ts";

/** Long: no test waits for it but those that want to see it pass. */
const LONG_MS = 60_000;

/** Believes the CA of the fixtures. */
export const OURS: UpstreamTlsPlan = { trust: { ca: [await tlsFixture("ca.pem")], crl: [] }, insecure: false };
/** Of one.pem. */
export const ONE = { settings: OURS, serverName: "one.example" };

/** What PostgreSQL is sent before TLS. */
export const SSL_REQUEST = "\0\0\0\x08\x04\xd2\x16\x2f";
/** AuthenticationOk. */
export const WELCOME = "R\0\0\0\x08\0\0\0\0";

/** A kind of check that speaks through TLS, what it says there and before it, and a server that satisfies it. */
export interface ThroughTls {
  readonly spec: CheckSpec;
  readonly says: string;
  readonly clear: string;
  readonly server: TlsFrontOptions;
}

export const THROUGH_TLS: readonly ThroughTls[] = [
  { spec: { kind: "redis" }, says: "PING\r\n", clear: "", server: { answer: "+PONG\r\n" } },
  {
    spec: { kind: "exchange", send: latin1("HELLO\r\n"), expect: latin1("READY") },
    says: "HELLO\r\n",
    clear: "",
    server: { answer: "220 READY\r\n" },
  },
  {
    spec: { kind: "postgres", user: "sallyport" },
    says: "\0\0\0\x18\0\x03\0\0user\0sallyport\0\0",
    clear: SSL_REQUEST,
    server: { answer: WELCOME, clearAnswer: "S" },
  },
  { spec: { kind: "tls" }, says: "", clear: "", server: {} },
];

export interface StartedCheck {
  readonly running: RunningCheck;
  readonly outcome: Promise<CheckOutcome>;
}

export function startCheck(port: number, spec: CheckSpec, approach: CheckApproach, timeoutMs = LONG_MS): StartedCheck {
  const { promise, resolve } = Promise.withResolvers<CheckOutcome>();
  const ready = makeReady(approach, new CheckContexts());
  const runtime = { descriptorsExhausted: () => false };
  const owner = { judged: resolve, gone() {} };
  const running = runCheck({ host: "127.0.0.1", port }, spec, timeoutMs, runtime, owner, ready);
  return { running, outcome: promise };
}

export function check(
  port: number,
  spec: CheckSpec,
  approach: CheckApproach,
  timeoutMs?: number,
): Promise<CheckOutcome> {
  return startCheck(port, spec, approach, timeoutMs).outcome;
}
