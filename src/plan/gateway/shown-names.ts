// Which of several certificates of one listener a client is shown: the one that has its name most closely. A name of a
// certificate that a route takes counts by itself, so that it is told apart from what else the route takes.

import type { Identity } from "../../resource/credentials.ts";
import { parsePem } from "../../wire/pem.ts";
import { readCertificate } from "../../wire/x509.ts";
import { closestOf } from "./hostnames.ts";
import type { L4Route, Takers } from "./takers.ts";

/** Names of a route whose clients are shown one certificate. */
export interface ShownGroup {
  readonly route: L4Route;
  readonly shown: Identity;
  /** The certificate's place among the listener's. */
  readonly place: number;
  readonly hostnames: readonly string[];
}

/** DNS names of certificates, each read once in all loads. */
export class CertificateNames {
  readonly #known = new WeakMap<Identity, readonly string[]>();

  /** Lower case; a star stands for one label. */
  of(identity: Identity): readonly string[] {
    const known = this.#known.get(identity);
    if (known !== undefined) return known;
    const [leaf] = parsePem(identity.certificate).blocks;
    const certificate = leaf?.bytes === undefined ? undefined : readCertificate(leaf.bytes);
    const found = certificate === undefined || "problem" in certificate ? [] : certificate.dnsNames;
    const names = found.map((name) => name.toLowerCase());
    this.#known.set(identity, names);
    return names;
  }
}

/** Names by route and certificate. `isOthers`: whose clients are another listener's. */
export function groupByIdentity(
  identities: readonly Identity[],
  takers: Takers,
  isOthers: (hostname: string) => boolean,
  names: CertificateNames,
): readonly ShownGroup[] {
  const all = new Map(takers);
  if (identities.length > 1) {
    const written = new Set(takers.keys());
    for (const name of identities.flatMap((identity) => names.of(identity))) {
      const owner = closestOf(written, name);
      const route = owner === undefined ? undefined : takers.get(owner);
      if (owner === undefined || route === undefined || isOthers(name)) continue;
      // Nothing is claimed without need: the name may be another Gateway's.
      if (placeFor(identities, name, names) !== placeFor(identities, owner, names)) all.set(name, route);
    }
  }
  const groups = new Map<L4Route, Map<number, ShownGroup & { readonly hostnames: string[] }>>();
  for (const [hostname, route] of all) {
    const place = placeFor(identities, hostname, names);
    const shown = identities[place];
    if (shown === undefined) continue;
    const byPlace = groups.get(route) ?? new Map<number, ShownGroup & { readonly hostnames: string[] }>();
    groups.set(route, byPlace);
    const group = byPlace.get(place);
    if (group === undefined) byPlace.set(place, { route, shown, place, hostnames: [hostname] });
    else group.hostnames.push(hostname);
  }
  return Array.from(groups.values()).flatMap((byPlace) => Array.from(byPlace.values()));
}

/** The place of the certificate for a name: one that has it, one with a star for it, or the first. */
function placeFor(identities: readonly Identity[], hostname: string, names: CertificateNames): number {
  if (identities.length < 2) return 0;
  const star = `*${hostname.slice(hostname.indexOf("."))}`;
  const exact = identities.findIndex((identity) => names.of(identity).includes(hostname));
  if (exact !== -1) return exact;
  return Math.max(
    0,
    identities.findIndex((identity) => names.of(identity).includes(star)),
  );
}
