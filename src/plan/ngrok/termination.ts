// What becomes of the TLS of an endpoint's clients: it ends here, with a certificate in Secrets or in the policy itself, or it goes
// through. Only endpoints with tls:// are asked.

import { Buffer } from "node:buffer";
import type { HostnamePattern } from "../../base/hostname.ts";
import type { Identity, Trust } from "../../resource/credentials.ts";
import type { Secret } from "../../resource/manifest/core.ts";
import type { ManifestCredentials } from "../../resource/manifest/manifest-credentials.ts";
import type { AgentEndpoint } from "../../resource/manifest/ngrok.ts";
import type { ClientAuthSpec, TlsSpec } from "../../resource/tls.ts";
import type { TerminateTls, TrafficPolicy } from "../../resource/traffic-policy/policy.ts";
import { referrerOf } from "../gateway/certificates.ts";
import type { IssuedCredentials } from "../gateway/credentials.ts";
import type { References } from "../gateway/references.ts";
import { PHASE } from "../../resource/traffic-policy/policy-use.ts";
import type { PolicySource } from "./attached-policy.ts";

/** What TLS that ends here is like; `undefined`: it goes through. A text: why nobody can be let in. */
export type Termination = Terminated | undefined | string;

export interface Terminated {
  readonly identity: Identity;
  readonly minVersion: "1.2" | "1.3";
  readonly clients?: { readonly trust: Trust; readonly mode: ClientAuthSpec["mode"] };
}

const SECRET = { group: "", kind: "Secret" } as const;

/** By what an AgentEndpoint says itself. */
export function agentTermination(endpoint: AgentEndpoint, references: References): Termination {
  const { tlsTermination } = endpoint.spec;
  if (tlsTermination === undefined) return undefined;
  const from = referrerOf(endpoint);
  const identity = references.identity(from, { ...SECRET, name: tlsTermination.serverCertificateRef.name });
  if ("why" in identity) return identity.message;
  const { mutualTLS } = tlsTermination;
  if (mutualTLS === undefined) return { identity, minVersion: "1.2" };
  const trust = references.authorities(from, { ...SECRET, name: mutualTLS.clientCAsRef.name });
  if ("why" in trust) return trust.message;
  return { identity, minVersion: "1.2", clients: { trust, mode: mutualTLS.mode } };
}

/** By a `terminate-tls` of its policy. It counts for all clients: which route a client has is known before it is asked. */
export function policyTermination(
  policy: TrafficPolicy,
  source: PolicySource,
  certificates: ManifestCredentials,
  made: MadeSecrets,
): Termination {
  let found: Termination;
  for (const [index, { name, expressions, actions }] of policy.rules.entries()) {
    for (const [position, action] of actions.entries()) {
      if (action.type !== "terminate-tls") continue;
      if (expressions.length > 0) {
        return `Rule "${name}" ends TLS for some clients only: write "terminate-tls" in a rule without expressions`;
      }
      if (found !== undefined) return 'TLS ends once: the policy has "terminate-tls" more than once';
      const path = [...source.path, PHASE, index, "actions", position, "config"];
      found = terminated(action, { ...source, path }, certificates, made);
      if (typeof found === "string") return found;
    }
  }
  return found;
}

/** Keys of a Secret → where their values are in the configuration of the action. */
const KEY_OF: ReadonlyMap<string | number, readonly string[]> = new Map([
  ["tls.crt", ["server_certificate"]],
  ["tls.key", ["server_private_key"]],
  ["ca.crt", ["mutual_tls_certificate_authorities"]],
]);

/** Texts of policies as Secrets, each made once: what is the same is judged once. */
export class MadeSecrets {
  readonly #known = new WeakMap<TerminateTls, { readonly identity: Secret; readonly authorities: Secret }>();

  /** `source`: what is wrong with them is told there. */
  of(action: TerminateTls, { object: { metadata, origin }, path: config }: PolicySource) {
    const known = this.#known.get(action);
    if (known !== undefined) return known;
    const { certificate = "", key = "", clientCas } = action;
    const secret = (type: string, data: Readonly<Record<string, string>>): Secret => ({
      kind: "Secret",
      apiVersion: "v1",
      metadata,
      spec: { type, data: new Map(Object.entries(data).map(([name, text]) => [name, Buffer.from(text)])) },
      origin: {
        file: origin.file,
        locate: ([, name = ""], part) => origin.locate([...config, ...(KEY_OF.get(name) ?? [])], part),
      },
    });
    const secrets = {
      identity: secret("kubernetes.io/tls", { "tls.crt": certificate, "tls.key": key }),
      authorities: secret("Opaque", { "ca.crt": clientCas.join("\n") }),
    };
    this.#known.set(action, secrets);
    return secrets;
  }
}

function terminated(
  action: TerminateTls,
  source: PolicySource,
  certificates: ManifestCredentials,
  made: MadeSecrets,
): Termination {
  const { certificate, key, clientCas, verification, minVersion, maxVersion } = action;
  const texts = [certificate ?? "", key ?? "", ...clientCas];
  if (certificate === undefined || key === undefined) {
    return '"terminate-tls" has no certificate: write server_certificate and server_private_key, as this gateway issues none';
  }
  if (texts.some((text) => text.includes("${"))) {
    return '"terminate-tls" has a certificate with ${…}: it has to be known before a client comes';
  }
  if (maxVersion !== "1.3") return '"terminate-tls" cannot keep clients from TLS 1.3: leave max_version out';
  if (clientCas.length > 0 && verification === "require-any") {
    return 'The strategy "require-any" would believe any certificate: write require-and-verify or request';
  }
  const { identity: own, authorities } = made.of(action, source);
  const identity = certificates.identityOf(own);
  if ("problem" in identity) return `"terminate-tls" has no usable certificate: ${identity.problem}`;
  if (clientCas.length === 0) return { identity: identity.value, minVersion };
  const trust = certificates.authoritiesOf(authorities);
  if ("problem" in trust) return `"terminate-tls" has no usable authorities: ${trust.problem}`;
  const mode = verification === "request" ? "request" : "require";
  return { identity: identity.value, minVersion, clients: { trust: trust.value, mode } };
}

/** Whether two endpoints can share a name: a client's TLS is over before it is known whose it is. */
export function isSameTermination(a: Terminated | undefined, b: Terminated | undefined): boolean {
  return (
    a?.identity === b?.identity &&
    a?.minVersion === b?.minVersion &&
    a?.clients?.trust === b?.clients?.trust &&
    a?.clients?.mode === b?.clients?.mode
  );
}

/** The same for a route. */
export function tlsSpecOf(
  hostnames: readonly HostnamePattern[],
  ends: Terminated | undefined,
  issued: IssuedCredentials,
): TlsSpec {
  if (ends === undefined) return { mode: "passthrough", hostnames };
  const { identity, minVersion, clients } = ends;
  const clientAuth =
    clients === undefined ? {} : { clientAuth: { trust: issued.trust(clients.trust), mode: clients.mode, allow: [] } };
  return { mode: "terminate", hostnames, identity: issued.identity(identity), minVersion, alpn: [], ...clientAuth };
}
