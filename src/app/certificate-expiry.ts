// Says in the log, while the gateway runs, that a certificate ends soon or has ended: a load says so too, but a gateway that
// is left alone does not load anything for months. Looks at plans only; who calls it when is up to the composition root.

import { EXPIRY_NOTICE_MS } from "../config/credential-finding.ts";
import type { Log } from "../observe/log.ts";
import type { Plan, RoutePlan } from "../plan/plan.ts";
import type { Identity } from "../resource/credentials.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What it needs of the world. */
export interface ExpiryOptions {
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Between two looks without a new plan. */
  readonly lookMs?: number;
}

/** A certificate of a plan, and the first route that shows it. */
interface ShownCertificate {
  readonly route: RoutePlan;
  /** To whom. */
  readonly to: "clients" | "backends";
  readonly identity: Identity;
}

/** Watches the certificates of the plan in force. */
export class CertificateExpiry implements Disposable {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #timer: ReturnType<typeof setInterval>;
  #shown: readonly ShownCertificate[] = [];
  /** When each certificate, by its text and by what was said, was last spoken of. */
  #said: ReadonlyMap<string, number> = new Map();

  constructor({ log, now = Date.now, lookMs = HOUR_MS }: ExpiryOptions) {
    this.#log = log;
    this.#now = now;
    this.#timer = setInterval(() => this.look(), lookMs);
    this.#timer.unref();
  }

  /** Takes the certificates of the plan that is in force from now on, and looks at once. */
  follow(plan: Plan): void {
    this.#shown = certificatesOf(plan);
    this.look();
  }

  /** Says what there is to say, of each certificate once a day. */
  look(): void {
    const now = this.#now();
    const said = new Map<string, number>();
    for (const { route, to, identity } of this.#shown) {
      const leftMs = identity.notAfterMs - now;
      if (leftMs >= EXPIRY_NOTICE_MS) continue;
      const event = leftMs < 0 ? "certificate-expired" : "certificate-expiring";
      const key = `${event}\n${identity.certificate}`;
      const last = this.#said.get(key);
      // A clock that was set back must not silence it.
      if (last !== undefined && now >= last && now - last < DAY_MS) {
        said.set(key, last);
        continue;
      }
      said.set(key, now);
      this.#say(event, route, to, identity, leftMs);
    }
    this.#said = said;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #say(event: string, route: RoutePlan, to: ShownCertificate["to"], identity: Identity, leftMs: number): void {
    const expires = new Date(identity.notAfterMs).toISOString();
    const daysLeft = Math.floor(leftMs / DAY_MS);
    const days = Math.abs(Math.trunc(leftMs / DAY_MS));
    const when = leftMs < 0 ? `expired ${formatDays(days)} ago` : `expires in ${formatDays(days)}`;
    const message = `The certificate that route "${route.name}" shows to ${to} ${when}, on ${expires}`;
    const { name, file, line } = route;
    this.#log.write("warn", event, message, { route: name, file, line, to, expires, daysLeft });
  }
}

/** Each certificate once, however many routes show it. */
function certificatesOf({ routes, pools }: Plan): readonly ShownCertificate[] {
  const shown = new Map<string, ShownCertificate>();
  const add = (route: RoutePlan, to: ShownCertificate["to"], identity: Identity | undefined): void => {
    if (identity !== undefined && !shown.has(identity.certificate)) {
      shown.set(identity.certificate, { route, to, identity });
    }
  };
  const upstream = new Map(pools.map(({ name, upstreamTls }) => [name, upstreamTls?.identity]));
  for (const route of routes) {
    add(route, "clients", route.tls?.mode === "terminate" ? route.tls.identity : undefined);
    for (const { pool } of route.pools) add(route, "backends", upstream.get(pool));
  }
  return [...shown.values()];
}

function formatDays(days: number): string {
  return days === 0 ? "less than a day" : days === 1 ? "1 day" : `${days} days`;
}
