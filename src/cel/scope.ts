// What the expressions of one connection see: its facts, the variables that were set, the results of actions. One is made
// for each connection, so that it costs an object and nothing else until an expression asks.

import type { CelInput } from "@bufbuild/cel";

import type { ConnFacts, EndpointFacts } from "./facts.ts";
import type { GeoFacts, GeoLookup } from "./geo.ts";
import { type CelMap, type CelValue, toInput } from "./value.ts";

export type {
  AlternativeNameFacts,
  CertificateFacts,
  ConnFacts,
  DistinguishedNameFacts,
  EndpointFacts,
  ExtensionFacts,
  TlsFacts,
} from "./facts.ts";

/** Where chance and time come from; tests give their own. */
export interface ScopeSources {
  /** A number from 0 up to and without 1. Not for secrets. */
  readonly random: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const NO_INPUTS: ReadonlyMap<string, CelInput> = new Map();
const SOURCES: ScopeSources = { random: Math.random, now: Date.now };
/** The scope of one connection. */
export class Scope {
  readonly facts: ConnFacts;
  readonly endpoint: EndpointFacts;
  readonly sources: ScopeSources;
  readonly #geo: GeoLookup | null;
  #clientGeo: GeoFacts | null | undefined;
  #serverGeo: GeoFacts | null | undefined;
  #vars: Map<string, CelValue> | undefined;
  #varInputs: Map<string, CelInput> | undefined;
  #actions: Map<string, CelMap> | undefined;
  #actionInputs: ReadonlyMap<string, CelInput> | undefined;

  /** `geo` is null when there is no database: everything about places is empty then. */
  constructor(facts: ConnFacts, endpoint: EndpointFacts, geo: GeoLookup | null, sources: ScopeSources = SOURCES) {
    this.facts = facts;
    this.endpoint = endpoint;
    this.#geo = geo;
    this.sources = sources;
  }

  /** Sets `vars.<name>` for the expressions that follow. */
  setVar(name: string, value: CelValue): void {
    this.#vars ??= new Map();
    this.#vars.set(name, value);
    this.#varInputs ??= new Map();
    this.#varInputs.set(name, toInput(value));
  }

  /** Sets `actions.ngrok.<name>`, such as `restrict_ips`; only the last execution of an action is seen. */
  setAction(name: string, value: CelMap): void {
    this.#actions ??= new Map();
    this.#actions.set(name, value);
    this.#actionInputs = undefined;
  }

  /** All variables that were set, for the log. */
  get vars(): ReadonlyMap<string, CelValue> {
    return this.#vars ?? new Map();
  }

  /** `vars` as the library takes it. */
  get varInputs(): ReadonlyMap<string, CelInput> {
    return this.#varInputs ?? NO_INPUTS;
  }

  /** `actions.ngrok` as the library takes it; made when it is asked for, which is rare. */
  get actionInputs(): ReadonlyMap<string, CelInput> {
    if (this.#actions === undefined) return NO_INPUTS;
    this.#actionInputs ??= new Map(Array.from(this.#actions, ([name, value]) => [name, toInput(value)]));
    return this.#actionInputs;
  }

  /** What is known of the client's address; looked up once. */
  get clientGeo(): GeoFacts | null {
    if (this.#clientGeo === undefined) this.#clientGeo = this.#geo?.lookup(this.facts.clientIp) ?? null;
    return this.#clientGeo;
  }

  /** What is known of our own address; looked up once. */
  get serverGeo(): GeoFacts | null {
    if (this.#serverGeo === undefined) this.#serverGeo = this.#geo?.lookup(this.facts.serverIp) ?? null;
    return this.#serverGeo;
  }
}
