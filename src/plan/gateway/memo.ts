// What was made of manifests before. A Gateway that nothing has changed about is taken over as a whole; what another one's routes are
// like is found out anew, and those that come out the same are the same objects, so that whoever compiles them sees at a glance that
// nothing has changed.

import type { Gateway } from "../../resource/manifest/gateway.ts";
import { nameOf } from "../../resource/manifest/manifest.ts";
import type { RouteResource } from "../../resource/route.ts";
import type { RoutePlan } from "../plan.ts";
import type { AnyRoute, ParentOutcome, RouteState } from "./attach.ts";
import type { Catalog } from "./catalog.ts";
import { CertificateWords } from "./credentials.ts";
import type { GatewayApiOptions } from "./options.ts";
import { MadeSecrets } from "../ngrok/termination.ts";
import { isSame } from "./same.ts";
import { CertificateNames } from "./shown-names.ts";
import { gatewaysNamedBy, type NamedByRoute, touchedGateways } from "./touched.ts";
import type { GatewayUnit } from "./unit.ts";

/** A translation, as far as the next one may go on with it. */
export interface Remembered {
  readonly catalog: Catalog;
  readonly bind: readonly string[];
  readonly options: GatewayApiOptions;
  /** By the names of their Gateways. */
  readonly units: ReadonlyMap<string, GatewayUnit>;
  readonly states: ReadonlyMap<AnyRoute, RouteState>;
  readonly named: NamedByRoute;
}

export class TranslationMemo {
  readonly words = new CertificateWords();
  readonly certificateNames = new CertificateNames();
  /** Sections that running routes are of, by the route. */
  readonly sections = new WeakMap<RoutePlan, { readonly name: string | undefined }>();
  /** Routes of which there is nothing to tell. */
  readonly quiet = new WeakSet<RouteState>();
  /** Certificates in texts of policies. */
  readonly madeSecrets = new MadeSecrets();
  /** Routes of endpoints in the last translation, by their names. */
  #endpoints: ReadonlyMap<string, RouteResource> = new Map();
  /** Of the last translation, whether or not it came into force: it depends on nothing but what it was made of. */
  last: Remembered | undefined;

  /** What the last translation leaves to one of these manifests. */
  begin(catalog: Catalog, bind: readonly string[], options: GatewayApiOptions): Carried {
    const { last } = this;
    if (last?.bind !== bind || last.options !== options) return new Carried(undefined, new Set(), catalog);
    const touched = touchedGateways(last.catalog, catalog, last.named);
    return touched === undefined ? new Carried(undefined, new Set(), catalog) : new Carried(last, touched, catalog);
  }

  /** Routes of endpoints, each as the very object that it was last, if it is the same. */
  reuseEndpoints(routes: readonly RouteResource[]): readonly RouteResource[] {
    const known = routes.map((route) => {
      const same = this.#endpoints.get(route.name);
      return same !== undefined && isSame(same, route) ? same : route;
    });
    this.#endpoints = new Map(known.map((route) => [route.name, route]));
    return known;
  }

  /** These routes, each as the very object that it was in a Gateway's last translation, if it is the same. */
  reuse(gateway: Gateway, routes: readonly RouteResource[]): readonly RouteResource[] {
    const before = this.last?.units.get(nameOf(gateway));
    if (before === undefined) return routes;
    const byName = new Map(before.sections.flatMap((section) => section.routes.map((route) => [route.name, route])));
    return routes.map((route) => {
      const same = byName.get(route.name);
      return same !== undefined && isSame(same, route) ? same : route;
    });
  }
}

/** What can be taken over. */
export class Carried {
  readonly named: NamedByRoute;
  readonly #last: Remembered | undefined;
  readonly #catalog: Catalog;
  /** Names of the Gateways that are to be made anew. */
  readonly #stale: ReadonlySet<string>;

  /** `last` absent: nothing. */
  constructor(last: Remembered | undefined, touched: ReadonlySet<string>, catalog: Catalog) {
    this.#last = last;
    this.#catalog = catalog;
    this.named = last?.named ?? new WeakMap();
    const stale = new Set(touched);
    for (const [name, { lasting }] of last?.units ?? []) if (!lasting) stale.add(name);
    this.#stale = stale;
  }

  /** What a Gateway came to before, if it comes to the same again. */
  unit(gateway: Gateway): GatewayUnit | undefined {
    const name = nameOf(gateway);
    return this.#stale.has(name) ? undefined : this.#last?.units.get(name);
  }

  /** What became of a route, if nothing else becomes of it at any parent. */
  state(route: AnyRoute): RouteState | undefined {
    const known = this.#last?.states.get(route);
    if (known === undefined) return undefined;
    return gatewaysNamedBy(route, this.#catalog, this.named).some((name) => this.#stale.has(name)) ? undefined : known;
  }

  /** What became of a route at those parents where nothing else becomes of it. */
  outcomes(route: AnyRoute): readonly ParentOutcome[] {
    const known = this.#last?.states.get(route)?.parents ?? [];
    return known.filter(({ gateway }) => !this.#stale.has(nameOf(gateway)));
  }
}
