// Which routes of a listener a TLS client may get, as tables that are looked up step by step: name, ALPN, address. Every
// step groups its routes by equal keys and knows nothing of wider ones. Routes that get the same groups share tables, so
// that they cost what is written, not its product.

import { type CidrEntry, compileCidrMap } from "../base/cidr-map.ts";
import { compileHostnames } from "../base/hostname-map.ts";
import { formatCidr } from "../base/ip.ts";
import type { RouteResource } from "../resource/route.ts";
import { hostnameKey, hostnamesOf } from "./match-keys.ts";
import type { AlpnMatch, SourceMatch, TlsMatch } from "./plan.ts";

/** Indices of routes, in order of precedence. */
type Members = readonly number[];

/** The tables for a listener's routes, which have the indices of its entries; `undefined` when none of them is for TLS. */
export function compileTlsMatch(routes: readonly RouteResource[]): TlsMatch | undefined {
  const members = routes.flatMap(({ tls }, index) => (tls === undefined ? [] : [index]));
  return members.length === 0 ? undefined : new Tables(routes).compile(members);
}

class Tables {
  readonly #routes: readonly RouteResource[];
  readonly #protocols = new Shared<AlpnMatch>((members) => this.#byProtocol(members));
  readonly #sources = new Shared<SourceMatch>((members) => this.#bySource(members));
  readonly #cells = new Shared<Members>((members) => this.#byCertificate(members));

  constructor(routes: readonly RouteResource[]) {
    this.#routes = routes;
  }

  compile(members: Members): TlsMatch {
    const { groups } = this.#group(members, hostnamesOf, hostnameKey);
    const names = groups.map((group) => ({ pattern: group.value, value: this.#protocols.indexOf(group.members) }));
    return {
      names: compileHostnames(names),
      protocols: this.#protocols.all,
      sources: this.#sources.all,
      cells: this.#cells.all,
    };
  }

  #byProtocol(members: Members): AlpnMatch {
    const { groups, rest } = this.#group(members, ({ alpn }) => alpn, String);
    return {
      byProtocol: new Map(groups.map((group) => [group.value, this.#sources.indexOf(group.members)])),
      fallback: rest.length === 0 ? -1 : this.#sources.indexOf(rest),
    };
  }

  #bySource(members: Members): SourceMatch {
    const { groups, rest } = this.#group(members, ({ sources }) => sources, formatCidr);
    const fallback = rest.length === 0 ? -1 : this.#cells.indexOf(rest);
    if (groups.length === 0) return { fallback };
    const entries = groups.map((group): CidrEntry => ({
      cidr: group.value,
      value: this.#cells.indexOf(group.members),
    }));
    return { bySource: compileCidrMap(entries), fallback };
  }

  /** Who wants a certificate is asked first: the one that takes everybody leaves nobody to others. */
  #byCertificate(members: Members): Members {
    const wants = (index: number) => (this.#routes[index]?.clientCert.length ?? 0) > 0;
    const everybody = members.find((index) => !wants(index));
    return [...members.filter(wants), ...(everybody === undefined ? [] : [everybody])];
  }

  /** Routes by what they list, and those that list nothing. */
  #group<Value>(
    members: Members,
    valuesOf: (route: RouteResource) => readonly Value[],
    keyOf: (value: Value) => string,
  ): { readonly groups: readonly { readonly value: Value; readonly members: Members }[]; readonly rest: Members } {
    const groups = new Map<string, { value: Value; members: number[] }>();
    const rest: number[] = [];
    for (const index of members) {
      const route = this.#routes[index];
      if (route === undefined) continue;
      const values = valuesOf(route);
      if (values.length === 0) rest.push(index);
      for (const value of values) {
        const key = keyOf(value);
        const group = groups.get(key);
        if (group === undefined) groups.set(key, { value, members: [index] });
        // What a route lists twice it lists.
        else if (group.members.at(-1) !== index) group.members.push(index);
      }
    }
    return { groups: Array.from(groups.values()), rest };
  }
}

/** Tables that are made once for the same routes. */
class Shared<Table> {
  readonly all: Table[] = [];
  readonly #make: (members: Members) => Table;
  readonly #known = new Map<string, number>();

  constructor(make: (members: Members) => Table) {
    this.#make = make;
  }

  indexOf(members: Members): number {
    const key = members.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const index = this.all.push(this.#make(members)) - 1;
    this.#known.set(key, index);
    return index;
  }
}
