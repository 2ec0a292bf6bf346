// An engine that runs one route, "db" in db.yaml, whose clients are shared out among several pools: what no Route document can say.

import { expect } from "bun:test";

import { Engine, type EngineOptions } from "../../src/engine/engine.ts";
import type { PoolShare, PoolSpec } from "../../src/resource/route.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { freePort } from "./free-port.ts";
import { RecordedLog } from "./recorded-log.ts";
import { type RouteWishes, TlsScene } from "./tls-routes.ts";

/** A pool with these ports of this machine, or addresses; `spec` is what differs from a pool of which nothing is said. */
export function share(
  name: string,
  weight: number,
  backends: readonly (number | string)[],
  spec: Partial<PoolSpec> = {},
): PoolShare {
  const scene = new TlsScene();
  const all = backends.flatMap((backend) => {
    const address = typeof backend === "number" ? `127.0.0.1:${backend}` : backend;
    return scene.route("x", { backend: address }).pools.flatMap(({ spec: { backends: own } }) => own);
  });
  const [usual] = scene.route("x").pools;
  if (usual === undefined) throw new Error("A route has a pool");
  return { name, weight, spec: { ...usual.spec, backends: all, ...spec } };
}

/** Clients that nobody gets. */
export function refused(weight: number): { readonly refused: NonNullable<RouteWishes["refused"]> } {
  return { refused: { weight, reason: "no-backend", detail: "There is no Service of this name" } };
}

export class SharedRoute implements AsyncDisposable {
  readonly log = new RecordedLog();
  readonly engine: Engine;
  readonly scene = new TlsScene();
  readonly port: number;

  private constructor(port: number, options: Partial<EngineOptions>) {
    this.port = port;
    this.engine = new Engine({ runtime: bunRuntime(), log: this.log, ...options });
  }

  static async start(wishes: RouteWishes, options: Partial<EngineOptions> = {}): Promise<SharedRoute> {
    const route = new SharedRoute(freePort(), options);
    await route.apply(wishes);
    return route;
  }

  /** Makes it the plan. */
  async apply(wishes: RouteWishes): Promise<void> {
    const { plan, errors } = this.scene.compile([
      this.scene.route("db", { listen: `127.0.0.1:${this.port}`, ...wishes }),
    ]);
    expect(errors).toEqual([]);
    await this.engine.apply(plan);
  }

  /** What the engine tells of the route. */
  get snapshot(): ReturnType<Engine["snapshot"]>["routes"][number] {
    const [route] = this.engine.snapshot().routes;
    if (route === undefined) throw new Error("There is no route");
    return route;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop();
  }
}
