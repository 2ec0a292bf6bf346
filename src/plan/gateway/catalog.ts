// All manifests of a load, found by what refers to them: name, label, age.

import { changedWindow } from "../../base/changed-window.ts";
import {
  type ConfigMap,
  type Endpoints,
  type EndpointSlice,
  type Namespace,
  type Secret,
  type Service,
  SERVICE_LABEL,
} from "../../resource/manifest/core.ts";
import type { Gateway, GatewayClass, ListenerSet } from "../../resource/manifest/gateway.ts";
import type { AnyManifest, BrokenPolicy } from "../../resource/manifest/kinds.ts";
import type { ForeignRoute, TcpRoute, TlsRoute } from "../../resource/manifest/l4-route.ts";
import type {
  AgentEndpoint,
  BoundEndpoint,
  CloudEndpoint,
  Domain,
  IpPolicy,
  NgrokTrafficPolicy,
} from "../../resource/manifest/ngrok.ts";
import type { BackendPolicy, BackendTlsPolicy, ListenerPolicy } from "../../resource/manifest/policy.ts";
import type { ReferenceGrant } from "../../resource/manifest/reference-grant.ts";
import type { TcpAddress } from "../../resource/manifest/tcp-address.ts";
import { KindIndex } from "./kind-index.ts";
import type { ObjectRecords } from "./record.ts";
import type { Labels } from "./selector.ts";

/** Every kind, by its name. */
interface ByKind {
  GatewayClass: GatewayClass;
  Gateway: Gateway;
  ListenerSet: ListenerSet;
  TCPRoute: TcpRoute;
  TLSRoute: TlsRoute;
  UDPRoute: ForeignRoute;
  HTTPRoute: ForeignRoute;
  GRPCRoute: ForeignRoute;
  ReferenceGrant: ReferenceGrant;
  BackendTLSPolicy: BackendTlsPolicy;
  ListenerPolicy: ListenerPolicy;
  BackendPolicy: BackendPolicy;
  TCPAddress: TcpAddress;
  AgentEndpoint: AgentEndpoint;
  CloudEndpoint: CloudEndpoint;
  NgrokTrafficPolicy: NgrokTrafficPolicy;
  IPPolicy: IpPolicy;
  Domain: Domain;
  BoundEndpoint: BoundEndpoint;
  Service: Service;
  EndpointSlice: EndpointSlice;
  Endpoints: Endpoints;
  Secret: Secret;
  ConfigMap: ConfigMap;
  Namespace: Namespace;
}

/** Every namespace has it, whether or not it is written. */
const NAME_LABEL = "kubernetes.io/metadata.name";

export class Catalog {
  readonly all: readonly AnyManifest[];
  readonly broken: readonly BrokenPolicy[];
  readonly records: ObjectRecords;
  readonly #kinds = new Map<string, KindIndex>();
  readonly #labels = new Map<string, Labels | undefined>();
  #slices: ReadonlyMap<string, readonly EndpointSlice[]> | undefined;

  /** `before` is that of an earlier load, for what did not change since; it is not kept. */
  constructor(all: readonly AnyManifest[], broken: readonly BrokenPolicy[], records: ObjectRecords, before?: Catalog) {
    this.all = all;
    this.broken = broken;
    this.records = records;
    const lists = new Map<string, AnyManifest[]>();
    for (const manifest of all) {
      const list = lists.get(manifest.kind);
      if (list === undefined) lists.set(manifest.kind, [manifest]);
      else list.push(manifest);
    }
    const indexes = before === undefined ? undefined : before.#kinds;
    for (const [kind, list] of lists) this.#kinds.set(kind, new KindIndex(list, records, indexes?.get(kind)));
    if (before === undefined || before.#slices === undefined) return;
    this.#slices = changedSlices(before.#slices, before.of("EndpointSlice"), this.of("EndpointSlice"));
  }

  find<Kind extends keyof ByKind>(kind: Kind, namespace: string, name: string): ByKind[Kind] | undefined {
    const found = this.#kinds.get(kind)?.find(namespace, name);
    return found !== undefined && isKind(found, kind) ? found : undefined;
  }

  /** Of one kind, in order of precedence. */
  of<Kind extends keyof ByKind>(kind: Kind): readonly ByKind[Kind][] {
    return this.#listOf(kind).filter((manifest) => isKind(manifest, kind));
  }

  /** Of one kind, the oldest first, then by namespace and name: who comes first has what two want. */
  byAge<Kind extends keyof ByKind>(kind: Kind): readonly ByKind[Kind][] {
    const aged = this.#kinds.get(kind)?.byAge(this.records) ?? [];
    return aged.filter((manifest) => isKind(manifest, kind));
  }

  slicesOf({ metadata: { namespace, name } }: Service): readonly EndpointSlice[] {
    this.#slices ??= slicesByService(this.of("EndpointSlice"));
    return this.#slices.get(`${namespace}/${name}`) ?? [];
  }

  /** Labels of a namespace, which need not be written to be there; `undefined`: what is written has mistakes. */
  labelsOf(namespace: string): Labels | undefined {
    if (this.#labels.has(namespace)) return this.#labels.get(namespace);
    const written = this.find("Namespace", "", namespace);
    const labels =
      written?.spec.hasMistakes === true ? undefined : { ...written?.metadata.labels, [NAME_LABEL]: namespace };
    this.#labels.set(namespace, labels);
    return labels;
  }

  generationOf(manifest: AnyManifest): number {
    return this.records.of(manifest).generation;
  }

  #listOf(kind: string): readonly AnyManifest[] {
    return this.#kinds.get(kind)?.list ?? [];
  }
}

function isKind<Kind extends keyof ByKind>(manifest: AnyManifest, kind: Kind): manifest is ByKind[Kind] & AnyManifest {
  return manifest.kind === kind;
}

/** The Service of an EndpointSlice, by its namespace and name. */
export function serviceOf({ metadata: { namespace, labels } }: EndpointSlice): string | undefined {
  const service = labels[SERVICE_LABEL];
  return service === undefined ? undefined : `${namespace}/${service}`;
}

function slicesByService(slices: readonly EndpointSlice[]): ReadonlyMap<string, readonly EndpointSlice[]> {
  const found = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const service = serviceOf(slice);
    if (service === undefined) continue;
    const list = found.get(service);
    if (list === undefined) found.set(service, [slice]);
    else list.push(slice);
  }
  return found;
}

/** The same, by what changed between two lists. */
function changedSlices(
  known: ReadonlyMap<string, readonly EndpointSlice[]>,
  before: readonly EndpointSlice[],
  after: readonly EndpointSlice[],
): ReadonlyMap<string, readonly EndpointSlice[]> {
  const { removed, added } = changedWindow(before, after);
  const changed = new Set([...removed, ...added].map(serviceOf));
  if (changed.size === 0) return known;
  const found = new Map(known);
  for (const service of changed) if (service !== undefined) found.delete(service);
  const theirs = after.filter((slice) => changed.has(serviceOf(slice)));
  for (const [service, slices] of slicesByService(theirs)) found.set(service, slices);
  return found;
}
