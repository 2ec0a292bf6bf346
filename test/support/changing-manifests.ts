// Manifests that change at random, few at a time: of all kinds, in two namespaces, with the same few names, so that they refer to each
// other, to what is not there, and to what they may not. An object that does not change stays the same text.

import { anyEndpoint } from "./changing-endpoints.ts";
import {
  backendTls,
  configMap,
  gateway,
  grant,
  listenerSet,
  type Meta,
  manifest,
  policy,
  secret,
  service,
  slice,
  tcp,
  tcpRoute,
  terminating,
  tls,
  tlsRoute,
} from "./gateway-documents.ts";
import { pemOf, secretDataOf } from "./pem.ts";
import type { Random } from "./random.ts";

const NAMESPACES = ["default", "other"] as const;
const GATEWAYS = ["g0", "g1", "other/g0"] as const;
const SERVICES = ["s0", "s1", "other/s0"] as const;
const HOSTNAMES = ["a.example.com", "*.example.com", "b.example.org"] as const;
const IDENTITY = secretDataOf("names");
const OTHER_IDENTITY = secretDataOf("other");

export class ChangingManifests {
  /** Text by the file that it is in. */
  readonly texts = new Map<string, string>();
  readonly #random: Random;
  readonly #mayBreak: boolean;

  /** `mayBreak`: some have mistakes. */
  constructor(random: Random, mayBreak: boolean) {
    this.#random = random;
    this.#mayBreak = mayBreak;
    for (let index = 0; index < 60; index++) this.#change();
  }

  /** Changes one to three files, or none. */
  step(): void {
    for (let left = this.#random.below(4); left > 0; left--) this.#change();
  }

  /** Takes these in place of all that there are. */
  become(texts: ReadonlyMap<string, string>): void {
    const all = [...texts];
    this.texts.clear();
    for (const [file, text] of all) this.texts.set(file, text);
  }

  #change(): void {
    const [file, text] = this.#any();
    // Most of the objects are there at any time, and most of what happens to one is another text.
    if (this.#random.chance(file.includes("Policy") ? 2 : 4)) this.texts.delete(file);
    else this.texts.set(file, text);
  }

  #any(): readonly [file: string, text: string] {
    const number = this.#random.below(3);
    const kinds: readonly (() => readonly [string, string])[] = [
      () => this.#route("TCPRoute"),
      () => this.#route("TCPRoute"),
      () => this.#route("TLSRoute"),
      () => this.#route("TLSRoute"),
      () => this.#gateway(),
      () => this.#gateway(),
      () => this.#service(),
      () => this.#slice(number),
      () => this.#endpoints(),
      () => this.#set(number),
      () => this.#foreign(number),
      () => this.#common(number),
      () => this.#policy(number),
      () => this.#policy(number),
      () => anyEndpoint(this.#random, this.#meta(), this.#mayBreak),
      () => anyEndpoint(this.#random, this.#meta(), this.#mayBreak),
      () => anyEndpoint(this.#random, this.#meta(), this.#mayBreak),
    ];
    const [file, text] = this.#pick(kinds)();
    return [`${file.replaceAll("/", "-")}.yaml`, text];
  }

  #route(kind: "TCPRoute" | "TLSRoute"): readonly [string, string] {
    const name = this.#pick(["r0", "r1", "r2", "r3", "other/r0"]);
    const parents = this.#some(() => ({
      ...this.#reference(this.#random.chance(4) ? "ListenerSet" : "Gateway", GATEWAYS),
      ...(this.#random.chance(2) ? {} : { sectionName: `l${this.#random.below(3)}` }),
    }));
    const backends = this.#some(() => ({
      ...this.#reference("Service", SERVICES),
      port: this.#pick([5432, 80]),
      weight: this.#random.below(3),
    }));
    const meta = this.#meta();
    const distinct = [...new Map(parents.map((parent) => [JSON.stringify(parent), parent])).values()];
    if (kind === "TCPRoute") return [`${kind}-${name}`, tcpRoute(name, distinct, backends, meta)];
    const hostnames = this.#mayBreak && this.#random.chance(8) ? ["not a name"] : [this.#pick(HOSTNAMES)];
    return [`${kind}-${name}`, tlsRoute(name, distinct, hostnames, backends, meta)];
  }

  #gateway(): readonly [string, string] {
    const name = this.#pick(GATEWAYS);
    const rest = {
      ...(this.#random.chance(2) ? {} : { addresses: [{ value: "127.0.0.1" }] }),
      ...(this.#random.chance(2) ? {} : { allowedListeners: { namespaces: { from: this.#pick(["All", "Same"]) } } }),
      ...(this.#random.chance(9) ? { gatewayClassName: this.#pick(["own", "gone"]) } : {}),
      ...(this.#random.chance(6)
        ? { tls: { backend: { clientCertificateRef: { name: this.#pick(["cert0", "gone"]) } } } }
        : {}),
    };
    return [`Gateway-${name}`, gateway(name, this.#listeners(), rest, this.#meta())];
  }

  #set(number: number): readonly [string, string] {
    const name = `set${number}`;
    return [`ListenerSet-${name}`, listenerSet(name, this.#pick(GATEWAYS), this.#listeners(), this.#meta())];
  }

  #listeners(): readonly object[] & Parameters<typeof gateway>[1] {
    return Array.from({ length: 1 + this.#random.below(3) }, (_, index) => {
      // Two of one Gateway seldom want the same.
      const port = 1000 + (this.#random.chance(8) ? this.#random.below(6) : index + 3 * this.#random.below(2));
      const name = `l${index}`;
      const from = this.#random.chance(2)
        ? {}
        : { allowedRoutes: { namespaces: { from: "Selector", selector: { matchLabels: { team: "a" } } } } };
      const hostname = this.#random.chance(3) ? undefined : this.#pick(HOSTNAMES);
      switch (this.#random.below(6)) {
        case 0:
          return { ...tls(name, port, hostname), ...from };
        case 1:
          return { ...terminating(name, port, hostname, this.#pick(["cert0", "cert1", "other/cert0"])), ...from };
        default:
          return { ...tcp(name, port), ...from };
      }
    });
  }

  #service(): readonly [string, string] {
    const name = this.#pick(SERVICES);
    const spec = this.#pick([
      {},
      { ports: [{ name: "db", port: 5432, targetPort: 6000 }] },
      { type: "ExternalName", externalName: "db.example.com" },
      { ports: [{ port: 5432, protocol: "UDP" }] },
    ]);
    return [`Service-${name}`, service(name, spec)];
  }

  #slice(number: number): readonly [string, string] {
    const of = this.#pick(["s0", "s1"]);
    const addresses = [`10.0.0.${1 + this.#random.below(5)}`];
    const endpoints = this.#random.chance(4) ? [] : [{ addresses, conditions: { ready: !this.#random.chance(4) } }];
    return [`EndpointSlice-${number}`, slice(`slice${number}`, of, { endpoints })];
  }

  #endpoints(): readonly [string, string] {
    const name = this.#pick(SERVICES);
    const subsets = [{ addresses: [{ ip: `10.1.0.${1 + this.#random.below(5)}` }], ports: [{ port: 5432 }] }];
    return [`Endpoints-${name}`, manifest("v1", "Endpoints", name, { subsets })];
  }

  #foreign(number: number): readonly [string, string] {
    const spec = { parentRefs: [this.#reference("Gateway", GATEWAYS)] };
    return [`HTTPRoute-${number}`, manifest("gateway.networking.k8s.io/v1", "HTTPRoute", `h${number}`, { spec })];
  }

  /** What many others depend on. */
  #common(number: number): readonly [string, string] {
    const [home, away] = this.#random.chance(2) ? NAMESPACES : [NAMESPACES[1], NAMESPACES[0]];
    const kind = this.#pick(["TCPRoute", "TLSRoute", "Gateway"]);
    const labels = { team: this.#pick(["a", "b"]) };
    const controllerName = this.#pick(["sallyport.dev/gateway-controller", "example.com/other"]);
    return this.#pick<readonly [string, string]>([
      [`ReferenceGrant-${home}`, grant(home, `${kind}/${away}`, this.#pick(["Service", "Secret", "Service/s0"]))],
      [`Namespace-${home}`, manifest("v1", "Namespace", home, {}, { labels })],
      [`Secret-cert${number}`, secret(`cert${number}`, this.#pick([IDENTITY, OTHER_IDENTITY, { "tls.crt": "none" }]))],
      ["Secret-other-cert0", secret("other/cert0", this.#pick([IDENTITY, OTHER_IDENTITY]))],
      ["ConfigMap-ca", configMap("ca", { "ca.crt": pemOf(this.#pick(["root.pem", "other.pem"])) })],
      [
        "GatewayClass-own",
        manifest("gateway.networking.k8s.io/v1", "GatewayClass", "own", { spec: { controllerName } }),
      ],
    ]);
  }

  #policy(number: number): readonly [string, string] {
    const meta = this.#meta();
    const listener = this.#pick(["Gateway/g0", "Gateway/g1#l0", "Gateway/g0#l1", "ListenerSet/set0"]);
    const of = this.#pick(["s0", "s1"]);
    const wrong = this.#mayBreak && this.#random.chance(2);
    const wishes = wrong
      ? { deny: ["nonsense"] }
      : this.#pick([{ deny: ["10.0.0.0/8"] }, { clientAuth: { ca: "ca.pem" } }]);
    const ref = { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: this.#pick(["ca", "gone"]) }] };
    return this.#pick<readonly [string, string]>([
      [`ListenerPolicy-${number}`, policy("ListenerPolicy", `p${number}`, [listener], wishes, meta)],
      [
        `BackendPolicy-${number}`,
        policy("BackendPolicy", `p${number}`, [`Service/${of}`], { balance: wrong ? "nonsense" : "random" }, meta),
      ],
      [`BackendTLSPolicy-${number}`, backendTls(`p${number}`, [of], ref, meta)],
    ]);
  }

  /** Of many it is not written how old they are. */
  #meta(): Meta {
    return this.#random.chance(2) ? {} : { day: 1 + this.#random.below(9) };
  }

  #reference(kind: string, names: readonly string[]): Readonly<Record<string, string>> {
    const [name = "", namespace = "default"] =
      kind === "ListenerSet" ? [`set${this.#random.below(3)}`] : this.#pick(names).split("/").toReversed();
    return { kind, name, namespace };
  }

  #some<Item>(make: () => Item): readonly Item[] {
    return Array.from({ length: 1 + this.#random.below(2) }, make);
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[this.#random.below(items.length)];
    if (item === undefined) throw new Error("Nothing to pick from");
    return item;
  }
}
