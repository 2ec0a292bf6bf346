// The `tls` of a route, as a person writes it, and what becomes of what is left out. What its keys must not say together is
// in `tls-together.ts`.

import * as v from "valibot";

import { alpnRule } from "./alpn-rule.ts";
import { clientAuthRule } from "./client-auth-rule.ts";
import { hostnamesRule } from "./hostnames-rule.ts";
import { pemRule } from "./pem-rule.ts";
import { closedMap, isMap, quote, rule } from "./rule.ts";
import { wordHint } from "./scalar-rule.ts";
import type { TlsSpec } from "./tls.ts";

const MODES = ["passthrough", "terminate"] as const;

/** What becomes of a client's TLS. */
export type TlsMode = (typeof MODES)[number];

/** What others call them. */
const OTHER_MODES: Readonly<Record<string, TlsMode>> = {
  passthru: "passthrough",
  pass: "passthrough",
  forward: "passthrough",
  sni: "passthrough",
  termination: "terminate",
  terminated: "terminate",
  edge: "terminate",
  offload: "terminate",
  simple: "terminate",
  on: "terminate",
};
const WANTED = `Expected "mode": passthrough or terminate`;
const MODE_HINT = 'Write "mode: passthrough" to leave TLS to the backends, "mode: terminate" to end it here';
/** That of the protocol `postgres` when a client begins with TLS. */
const POSTGRES_ALPN = ["postgresql"];

export const tlsModeRule = rule((value, refuse): TlsMode | undefined => {
  const mode = MODES.find((known) => known === value);
  if (mode !== undefined) return mode;
  if (value === null) refuse("missing-tls-mode", WANTED, MODE_HINT);
  else refuse("bad-tls-mode", `${WANTED}, found ${quote(value)}`, modeHint(value));
  return undefined;
});

const minVersionRule = rule((value, refuse): "1.2" | "1.3" | undefined => {
  // Without quotes YAML makes it a number.
  const text = typeof value === "number" ? String(value) : value;
  if (text === "1.2" || text === "1.3") return text;
  const plain = typeof text === "string" ? text.toLowerCase().replaceAll(/[^a-z\d]/g, "") : "";
  const [, digits] = /^(?:tls)?v?(1[23])$/.exec(plain) ?? [];
  const old = /^(?:ssl.*|(?:tls)?v?1[01]?)$/.test(plain) ? "Older versions are broken, and not spoken" : undefined;
  const hint = digits === undefined ? old : `Write "1.${digits.slice(1)}"`;
  refuse("bad-tls-version", `Expected "1.2" or "1.3", found ${quote(value)}`, hint);
  return undefined;
});

const tlsKeys = {
  // A mode that is not there is judged like one that says nothing.
  mode: v.optional(tlsModeRule, null),
  hostnames: v.optional(hostnamesRule),
  certificate: v.optional(pemRule("certificate")),
  key: v.optional(pemRule("key")),
  minVersion: v.optional(minVersionRule),
  alpn: v.optional(alpnRule),
  clientAuth: v.optional(clientAuthRule),
};
const tlsMap = closedMap(tlsKeys);

/** `tls` as written, each value judged. */
type WrittenTls = v.InferOutput<v.ObjectSchema<typeof tlsKeys, undefined>>;

const noMap = rule((value, refuse): WrittenTls | undefined => {
  const off = value === false || value === "off";
  const hint = off ? "Leave the key out" : "Write {mode: passthrough}, or {mode: terminate, certificate: …, key: …}";
  refuse("wrong-type", `Expected a map with "mode", found ${quote(value)}`, hint);
  return undefined;
});

export const tlsRule = v.lazy((value) => (isMap(value) ? tlsMap : noMap));

/** What the rest of a route has to do with it. */
interface TlsContext {
  /** `match.alpn`. */
  readonly alpn: readonly string[];
  readonly protocol: "tcp" | "postgres";
}

/** Fills in every default; `undefined` when there is nothing to terminate with, about which `checkTls` has complained. */
export function tlsOf(written: WrittenTls, { alpn, protocol }: TlsContext): TlsSpec | undefined {
  const { mode, hostnames = [], certificate, key, clientAuth } = written;
  if (mode === "passthrough") return { mode, hostnames };
  if (certificate === undefined || key === undefined) return undefined;
  // A client that is here because of what it offers must get it agreed to.
  const agreed = alpn.length > 0 ? alpn : protocol === "postgres" ? POSTGRES_ALPN : [];
  return {
    mode,
    hostnames,
    identity: { certificate, key },
    minVersion: written.minVersion ?? "1.2",
    alpn: written.alpn ?? agreed,
    ...(clientAuth === undefined ? {} : { clientAuth }),
  };
}

function modeHint(value: unknown): string | undefined {
  const word = typeof value === "string" ? value.toLowerCase().replaceAll(/[-_]/g, "") : value;
  if (word === "reencrypt") return 'Write "mode: terminate", and "upstreamTls" beside "tls"';
  if (word === "mutual" || word === "mtls") return 'Write "mode: terminate", with "clientAuth"';
  if (word === "off" || word === "none" || word === false) return 'Leave "tls" out';
  return wordHint(value, MODES, OTHER_MODES) ?? MODE_HINT;
}
