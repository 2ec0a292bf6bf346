// What a section shows to clients and what it wants of them: certificateRefs of its listener, and the authorities that its
// Gateway names for clients. The standard has those for HTTPS alone; that they count for TLS listeners is our extension.

import type { Identity, Trust } from "../../resource/credentials.ts";
import type { FrontendTls, Gateway } from "../../resource/manifest/gateway.ts";
import { GATEWAY_GROUP } from "../../resource/manifest/manifest.ts";
import type { ValuePath } from "../../resource/origin.ts";
import type { Conditions } from "./conditions.ts";
import type { Referrer } from "./grants.ts";
import type { References, Unresolved } from "./references.ts";
import type { Section } from "./section.ts";

/** Finds what a section that ends TLS needs; says what is missing. */
export function judgeCertificates(section: Section, references: References): void {
  // HTTPS is not carried; that its certificates are wrong is worth knowing all the same.
  if (!section.terminates && section.listener.protocol !== "HTTPS") return;
  judgeIdentities(section, references);
  judgeFrontend(section, references);
}

/** The certificate that a Gateway shows to backends; says what is wrong with it. */
export function gatewayIdentity(
  gateway: Gateway,
  references: References,
  conditions: Conditions,
): Identity | undefined {
  const reference = gateway.spec.tls?.backend?.clientCertificateRef;
  if (reference === undefined) return undefined;
  const found = references.identity(referrerOf(gateway), reference);
  if (!isUnresolved(found)) return found;
  const reason = found.why === "not-permitted" ? "RefNotPermitted" : "InvalidClientCertificateRef";
  conditions.fail("ResolvedRefs", reason, found.message, ["spec", "tls", "backend", "clientCertificateRef"]);
  return undefined;
}

function judgeIdentities(section: Section, references: References): void {
  const { conditions, listener, owner } = section;
  const from = referrerOf(owner);
  const identities: Identity[] = [];
  const { certificateRefs = [] } = listener.tls ?? {};
  for (const [index, reference] of certificateRefs.entries()) {
    const found = references.identity(from, reference);
    if (!isUnresolved(found)) {
      identities.push(found);
      continue;
    }
    const reason = found.why === "not-permitted" ? "RefNotPermitted" : "InvalidCertificateRef";
    conditions.failToo("ResolvedRefs", reason, found.message, section.pathOf("tls", "certificateRefs", index));
  }
  section.identities = identities;
  if (identities.length > 0) return;
  if (certificateRefs.length === 0) {
    const message = "There is no certificate to show to clients: certificateRefs names none";
    conditions.failToo("ResolvedRefs", "InvalidCertificateRef", message, section.pathOf("tls"));
  }
  const why = conditions.messageOf("ResolvedRefs");
  conditions.fail("Programmed", "Invalid", `There is no certificate to show to clients: ${why}`);
}

function judgeFrontend(section: Section, references: References): void {
  const { conditions, gateway, listener } = section;
  const found = frontendOf(gateway, listener.port);
  if (found?.tls.validation === undefined) return;
  const { mode, caCertificateRefs } = found.tls.validation;
  section.insecureFallback = mode === "AllowInsecureFallback";
  const trusts: Trust[] = [];
  for (const [index, reference] of caCertificateRefs.entries()) {
    const trust = references.authorities(referrerOf(gateway), reference);
    if (!isUnresolved(trust)) {
      trusts.push(trust);
      continue;
    }
    const path = [...found.path, "validation", "caCertificateRefs", index];
    // What is wrong with the Gateway is told in its document, and in a ListenerSet's for the listener.
    const at = section.owner === gateway ? path : section.pathOf();
    conditions.failToo("ResolvedRefs", FRONTEND_REASONS[trust.why], trust.message, at);
  }
  const trust = references.unite(trusts) ?? null;
  section.frontend = { trust };
  if (trust !== null) return;
  const why = conditions.messageOf("ResolvedRefs");
  const message = `No authority is there whose certificates clients could show, so that nobody is let in: ${why}`;
  conditions.fail("Accepted", "NoValidCACertificate", message);
  conditions.fail("Programmed", "Invalid", message);
}

const FRONTEND_REASONS: Readonly<Record<Unresolved["why"], string>> = {
  "not-permitted": "RefNotPermitted",
  kind: "InvalidCACertificateKind",
  unusable: "InvalidCACertificateRef",
};

/** What a Gateway wants of clients of a port, and where that was written. */
function frontendOf(
  { spec }: Gateway,
  port: number,
): { readonly tls: FrontendTls; readonly path: ValuePath } | undefined {
  const frontend = spec.tls?.frontend;
  if (frontend === undefined) return undefined;
  const index = frontend.perPort?.findIndex((each) => each.port === port) ?? -1;
  const own = frontend.perPort?.[index];
  const path = ["spec", "tls", "frontend"];
  // A port that is named has what is said of it, even when that is nothing.
  return own === undefined
    ? { tls: frontend.default, path: [...path, "default"] }
    : { tls: own.tls, path: [...path, "perPort", index, "tls"] };
}

/** An object of the standard as one that refers to others. */
export function referrerOf({
  kind,
  metadata: { namespace },
}: {
  readonly kind: string;
  readonly metadata: { readonly namespace: string };
}): Referrer {
  return { group: GATEWAY_GROUP, kind, namespace };
}

function isUnresolved(found: object): found is Unresolved {
  return "why" in found;
}
