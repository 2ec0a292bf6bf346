// A section: one listener of a Gateway, or of a ListenerSet that is merged into one. What is found out about it is collected
// here, by `sections.ts` and `attach.ts`; what it becomes is `emit.ts`.

import type { Identity, Trust } from "../../resource/credentials.ts";
import type { Gateway, GatewayListener, ListenerSet } from "../../resource/manifest/gateway.ts";
import type { TcpRoute, TlsRoute } from "../../resource/manifest/l4-route.ts";
import type { ValuePath } from "../../resource/origin.ts";
import { Conditions } from "./conditions.ts";

/** A kind of route. */
export interface RouteKind {
  readonly group: string;
  readonly kind: string;
}

/** A route that a section accepted. */
export interface Attachment {
  readonly route: TcpRoute | TlsRoute;
  /** What route and listener both mean; of a TCPRoute nothing. */
  readonly hostnames: readonly string[];
}

export class Section {
  readonly owner: Gateway | ListenerSet;
  /** The same, or the one that `owner` is merged into. */
  readonly gateway: Gateway;
  readonly listener: GatewayListener;
  /** Its place in `spec.listeners`. */
  readonly index: number;
  /** IPs to bind; `undefined` for the usual addresses. */
  readonly hosts: readonly (string | undefined)[];
  /** Called so in logs and metrics; the usual kind of owner goes without saying. */
  readonly name: string;
  /** Paths are those of `owner`. */
  readonly conditions = new Conditions();
  supportedKinds: readonly RouteKind[] = [];
  /** Those that can be shown, in the order of their references. */
  identities: readonly Identity[] = [];
  /** Whose certificates clients need; `null`: nobody's could be used, so that no client is let in. */
  frontend: { readonly trust: Trust | null } | undefined;
  /** Whether clients without a valid certificate are let in, although the Gateway names authorities. */
  insecureFallback = false;
  /** The oldest route first. */
  readonly attachments: Attachment[] = [];
  /** Routes of any kind that are attached. */
  attachedRoutes = 0;

  constructor(
    owner: Gateway | ListenerSet,
    gateway: Gateway,
    index: number,
    listener: GatewayListener,
    hosts: readonly (string | undefined)[],
  ) {
    this.owner = owner;
    this.gateway = gateway;
    this.index = index;
    this.listener = listener;
    this.hosts = hosts;
    const { namespace, name } = owner.metadata;
    this.name = `${owner.kind === "Gateway" ? "" : "listenerset/"}${namespace}/${name}/${listener.name}`;
  }

  /** Whether TLS of its clients ends here. */
  get terminates(): boolean {
    return this.listener.protocol === "TLS" && this.listener.tls?.mode === "Terminate";
  }

  get accepted(): boolean {
    return !this.conditions.failed("Accepted");
  }

  get conflicted(): boolean {
    return this.conditions.holds("Conflicted");
  }

  /** Path in `owner` of a part of the listener. */
  pathOf(...part: ValuePath): ValuePath {
    return ["spec", "listeners", this.index, ...part];
  }
}

/** The sections of a Gateway, or of a ListenerSet that is merged into it. */
export function sectionsOf(
  owner: Gateway | ListenerSet,
  gateway: Gateway,
  hosts: readonly (string | undefined)[],
): readonly Section[] {
  return owner.spec.listeners.map((listener, index) => new Section(owner, gateway, index, listener, hosts));
}
