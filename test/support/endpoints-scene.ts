// An engine with endpoints: a front door on a port of its own, and internal ones that policies forward to.

import { expect } from "bun:test";

import { Engine } from "../../src/engine/engine.ts";
import type { PoolShare, RouteResource } from "../../src/resource/route.ts";
import type { PolicyAction, PolicyRule, TrafficPolicy } from "../../src/resource/traffic-policy/policy.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { freePort } from "./free-port.ts";
import { Peer } from "./peer.ts";
import { RecordedLog } from "./recorded-log.ts";
import { share } from "./shared-route.ts";
import { cidr, type RouteWishes, TlsScene } from "./tls-routes.ts";

/** A rule with these actions. */
export function rule(name: string, actions: readonly PolicyAction[], ...expressions: readonly string[]): PolicyRule {
  return { name, expressions, actions };
}

export function policy(...rules: readonly PolicyRule[]): { readonly policy: TrafficPolicy } {
  return { policy: { rules } };
}

export const deny: PolicyAction = { type: "deny" };

export function forward(url: string, onError: "halt" | "continue" = "halt"): PolicyAction {
  return { type: "forward-internal", url, onError };
}

export function restrictIps(
  allow: readonly string[],
  denied: readonly string[] = [],
  more: { readonly enforce?: boolean; readonly allowTemplates?: readonly string[] } = {},
): PolicyAction {
  return {
    type: "restrict-ips",
    enforce: true,
    allow: allow.map(cidr),
    deny: denied.map(cidr),
    allowTemplates: [],
    denyTemplates: [],
    ipPolicies: [],
    ...more,
  };
}

/** A pool whose backends have these ports. */
export function to(...ports: readonly number[]): { readonly pools: readonly PoolShare[] } {
  return { pools: [share("", 1, ports)] };
}

/** Nobody gets whom the policy lets pass. */
export const NOBODY: RouteWishes = {
  pools: [],
  refused: { weight: 1, reason: "no-backend", detail: "The policy forwards nobody" },
};

export class EndpointsScene implements AsyncDisposable {
  readonly log = new RecordedLog();
  readonly engine = new Engine({ runtime: bunRuntime(), log: this.log });
  readonly scene = new TlsScene();
  readonly port = freePort();

  /** `front` has the port; `internals` are called by their URLs, each by the hosts and port in it, a `#` and more is cut off. */
  static async start(
    front: RouteWishes,
    internals: Readonly<Record<string, RouteWishes>> = {},
  ): Promise<EndpointsScene> {
    const scene = new EndpointsScene();
    await scene.apply(front, internals);
    return scene;
  }

  /** Makes it the plan. */
  async apply(front: RouteWishes, internals: Readonly<Record<string, RouteWishes>> = {}): Promise<void> {
    const door = this.scene.route("front", { listen: `127.0.0.1:${this.port}`, ...front });
    const inside = Object.entries(internals).map(([url, wishes]) => this.#internal(url, wishes));
    const { plan, errors } = this.scene.compile([door, ...inside]);
    expect(errors).toEqual([]);
    await this.engine.apply(plan);
  }

  /** Connects, and what the client then sees: what it was greeted with, or how it ended. */
  async visit(localAddress = "127.0.0.1"): Promise<string> {
    await using client = await Peer.connect({ host: "127.0.0.1", port: this.port, localAddress });
    await client.until(() => client.received > 0 || client.ending !== undefined);
    return client.received > 0 ? client.text : (client.ending ?? "nothing");
  }

  /** What rules came to, as `RULE VERDICT COUNT`. */
  verdicts(route = "front"): readonly string[] {
    const { policy: verdicts = [] } = this.engine.snapshot().routes.find(({ name }) => name === route) ?? {};
    return verdicts.map(({ rule: name, verdict, count }) => `${name} ${verdict} ${count}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop();
  }

  #internal(key: string, wishes: RouteWishes): RouteResource {
    const url = key.split("#")[0] ?? key;
    const { scheme, host, port } = /^(?<scheme>tcp|tls):\/\/(?<host>[^:]+):(?<port>\d+)$/.exec(url)?.groups ?? {};
    const endpoint = {
      id: key,
      url,
      scheme: scheme === "tls" ? "tls" : "tcp",
      host: host ?? "",
      port: Number(port),
    } as const;
    const route = this.scene.route(key.replaceAll(/[^a-z0-9]+/g, "-"), wishes);
    return { ...route, listen: [], name: key, endpoint, internal: true };
  }
}
