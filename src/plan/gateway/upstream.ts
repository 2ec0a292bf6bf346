// How endpoints of a Service are spoken to: what a BackendTLSPolicy wants, and whether that can be had. Whoever wants it and
// cannot have it is not spoken to at all.

import type { Identity, Trust } from "../../resource/credentials.ts";
import type { Service, ServicePort } from "../../resource/manifest/core.ts";
import type { BackendTlsPolicy, PolicyTarget } from "../../resource/manifest/policy.ts";
import type { UpstreamTlsSpec } from "../../resource/tls.ts";
import type { Catalog } from "./catalog.ts";
import { Conditions } from "./conditions.ts";
import type { IssuedCredentials } from "./credentials.ts";
import { toCertificatePattern } from "./hostnames.ts";
import { describePolicy, type Policies } from "./policies.ts";
import { judgeTarget } from "./policy-target.ts";
import type { References } from "./references.ts";
import { referrerOf } from "./certificates.ts";

/** TLS as wanted, or why there must be no connection. */
export type Upstream = { readonly tls: UpstreamTlsSpec | undefined } | { readonly refused: string };

/** What a policy comes to, whoever it is for. */
interface Judged {
  readonly conditions: Conditions;
  readonly trust: Trust | undefined;
  /** Why nobody may be spoken to by it. */
  readonly refused?: string;
}

export class UpstreamTls {
  /** How often a policy applied. */
  applied = 0;
  readonly #catalog: Catalog;
  readonly #policies: Policies<BackendTlsPolicy>;
  readonly #references: References;
  readonly #issued: IssuedCredentials;
  readonly #judged = new Map<BackendTlsPolicy, Judged>();
  readonly #specs = new Map<BackendTlsPolicy, Map<Identity | undefined, UpstreamTlsSpec>>();

  constructor(
    catalog: Catalog,
    policies: Policies<BackendTlsPolicy>,
    references: References,
    issued: IssuedCredentials,
  ) {
    this.#catalog = catalog;
    this.#policies = policies;
    this.#references = references;
    this.#issued = issued;
  }

  /** For a port of a Service; `identity` is what the gateway shows of itself, where it is asked. */
  of(service: Service, port: ServicePort | undefined, identity: Identity | undefined): Upstream {
    const { namespace, name } = service.metadata;
    const applied = this.#policies.find("Service", namespace, name, port?.name);
    if (applied === undefined) return { tls: undefined };
    this.applied++;
    if ("broken" in applied) return { refused: applied.broken };
    const { policy } = applied;
    const { refused, trust } = this.#judgedOf(policy);
    if (refused !== undefined) return { refused: `${describePolicy(policy)}: ${refused}` };
    return { tls: this.#specOf(policy, trust, identity) };
  }

  /** What is to be said of a policy for one of its targets. */
  conditionsFor(policy: BackendTlsPolicy, target: PolicyTarget): Conditions {
    const conditions = new Conditions();
    judgeTarget(policy, target, this.#policies.winnerOver(policy, target), this.#catalog, conditions);
    const own = this.#judgedOf(policy).conditions;
    if (own.failed("Accepted")) conditions.adopt(own, "Accepted");
    conditions.adopt(own, "ResolvedRefs");
    conditions.hold("Accepted", "Accepted", "The policy is in force");
    conditions.hold("ResolvedRefs", "ResolvedRefs", "All references are resolved");
    return conditions;
  }

  #judgedOf(policy: BackendTlsPolicy): Judged {
    const known = this.#judged.get(policy);
    if (known !== undefined) return known;
    const judged = this.#judge(policy);
    this.#judged.set(policy, judged);
    return judged;
  }

  #judge(policy: BackendTlsPolicy): Judged {
    const conditions = new Conditions();
    const { caCertificateRefs = [], wellKnownCACertificates } = policy.spec.validation;
    if (caCertificateRefs.length === 0) {
      if (wellKnownCACertificates === "System") return { conditions, trust: undefined };
      const message = `Authorities "${wellKnownCACertificates ?? ""}" are not known: wanted is System`;
      conditions.fail("Accepted", "Invalid", message, ["spec", "validation", "wellKnownCACertificates"]);
      return { conditions, trust: undefined, refused: message };
    }
    const trusts: Trust[] = [];
    for (const [index, reference] of caCertificateRefs.entries()) {
      const found = this.#references.authorities(referrerOf(policy), reference);
      if (!("why" in found)) {
        trusts.push(found);
        continue;
      }
      const reason = found.why === "kind" ? "InvalidKind" : "InvalidCACertificateRef";
      const path = ["spec", "validation", "caCertificateRefs", index];
      conditions.failToo("ResolvedRefs", reason, found.message, path);
    }
    const trust = this.#references.unite(trusts);
    if (trust !== undefined) return { conditions, trust };
    const message = `None of its authorities can be used, so that no backend is spoken to: ${conditions.messageOf("ResolvedRefs")}`;
    conditions.fail("Accepted", "NoValidCACertificate", message);
    return { conditions, trust, refused: message };
  }

  #specOf(policy: BackendTlsPolicy, trust: Trust | undefined, identity: Identity | undefined): UpstreamTlsSpec {
    const byIdentity = this.#specs.get(policy) ?? new Map<Identity | undefined, UpstreamTlsSpec>();
    this.#specs.set(policy, byIdentity);
    const known = byIdentity.get(identity);
    if (known !== undefined) return known;
    const { hostname, subjectAltNames = [] } = policy.spec.validation;
    const dnsNames = subjectAltNames.flatMap((name) =>
      name.type === "Hostname" ? [toCertificatePattern(name.hostname)] : [],
    );
    const uris = subjectAltNames.flatMap((name) => (name.type === "URI" ? [name.uri] : []));
    const spec: UpstreamTlsSpec = {
      ...(trust === undefined ? {} : { trust: this.#issued.trust(trust) }),
      serverName: hostname,
      ...(identity === undefined ? {} : { identity: this.#issued.identity(identity) }),
      insecure: false,
      ...(subjectAltNames.length === 0 ? {} : { subjectAltNames: { dnsNames, uris } }),
    };
    byIdentity.set(identity, spec);
    return spec;
  }
}
