// The way of one client to its pool where there is more to it than one choice: a policy that decides, endpoints that it forwards to,
// endpoints that share a URL. It can go on when a pool has nobody for the client. Every step is counted: policies can forward in a
// circle.

import { isDeepStrictEqual } from "node:util";
import { Scope } from "../cel/scope.ts";
import type { RoutePlan } from "../plan/plan.ts";
import { parseEndpointUrl } from "../resource/endpoint-url.ts";
import { type Refusal, ROUTE_CHANGED } from "./limit/refusal.ts";
import { PolicyNote } from "./policy/policy-note.ts";
import { PolicyRun } from "./policy/policy-run.ts";
import { RouteEndpoint } from "./policy/route-endpoint.ts";
import type { Visitor } from "./policy/visitor.ts";
import type { Pool } from "./pool/pool.ts";
import type { Route } from "./route.ts";
import type { Services } from "./services.ts";

/** More than anybody means: the pools and policies that one client may meet. */
const MAX_STEPS = 64;

const CIRCLE: Refusal = { reason: "denied-policy", detail: "Its policies forward in a circle" };
const NO_MEMBER: Refusal = { reason: "no-backend", detail: "No endpoint has this URL any more" };

/** Where the client goes on when it found nobody: at another of several endpoints, or in the policy that sent it here. */
type Fork = { readonly others: Route[] } | { readonly run: PolicyRun; readonly route: Route };

/** What it needs of the engine. */
type CourseServices = Pick<Services, "internals" | "geo">;

export class Course {
  /** What policies did to the client. */
  readonly note = new PolicyNote();
  readonly #route: Route;
  readonly #visitor: Visitor;
  readonly #services: CourseServices;
  readonly #passed: { readonly route: Route; readonly plan: RoutePlan }[] = [];
  readonly #forks: Fork[] = [];
  #steps = 0;

  constructor(route: Route, visitor: Visitor, services: CourseServices) {
    this.#route = route;
    this.#visitor = visitor;
    this.#services = services;
  }

  /** Where the client goes first, or why it is not let in. Also when what was decided has to be decided anew. */
  begin(): Pool | Refusal {
    this.#passed.length = 0;
    this.#forks.length = 0;
    return this.#enter(this.#route);
  }

  /** Where it goes on, after nobody had a backend for it. */
  next(why: Refusal): Pool | Refusal {
    return why === ROUTE_CHANGED ? why : this.#goOn(why);
  }

  /** Whether all who decided would decide by the same rules now. */
  get isStill(): boolean {
    return this.#passed.every(
      ({ route, plan }) =>
        route.plan === plan ||
        (isDeepStrictEqual(route.plan.policy, plan.policy) && isDeepStrictEqual(route.plan.members, plan.members)),
    );
  }

  #enter(route: Route): Pool | Refusal {
    if (++this.#steps > MAX_STEPS) return this.#refuse(CIRCLE);
    this.#passed.push({ route, plan: route.plan });
    const { members } = route.plan;
    if (members !== undefined) return this.#among(this.#services.internals.named(members), NO_MEMBER);
    if (route.program === null) return this.#poolOf(route);
    const { ip } = this.#visitor;
    const scope = new Scope(this.#visitor, new RouteEndpoint(route.plan, this.#visitor), this.#services.geo);
    const client = { scope, ip, note: this.note, nowMs: performance.now() };
    return this.#follow(new PolicyRun(route.program, client, route), route);
  }

  #follow(run: PolicyRun, route: Route): Pool | Refusal {
    const outcome = run.next();
    if (outcome === "admit") return this.#poolOf(route);
    if ("refusal" in outcome) return this.#refuse(outcome.refusal);
    if (outcome.goesOn) this.#forks.push({ run, route });
    const url = parseEndpointUrl(outcome.forward);
    if ("mistake" in url || !url.internal || url.wildcard || url.host === undefined || url.port === undefined) {
      return this.#goOn({ reason: "denied-policy", detail: "What it forwards to is no URL of an internal endpoint" });
    }
    const found = this.#services.internals.find(url.scheme, url.host, url.port);
    return this.#among(found, { reason: "no-backend", detail: `There is no endpoint ${outcome.forward}` });
  }

  /** To one of them, at random; the others are for later. */
  #among(routes: readonly Route[], none: Refusal): Pool | Refusal {
    const others = [...routes];
    if (others.length === 0) return this.#goOn(none);
    const [first] = others.splice(Math.floor(Math.random() * others.length), 1);
    if (others.length > 0) this.#forks.push({ others });
    return first === undefined ? this.#goOn(none) : this.#enter(first);
  }

  #poolOf(route: Route): Pool | Refusal {
    const pool = route.choosePool();
    return pool === null || pool.closed ? this.#goOn(route.refusal) : pool;
  }

  /** From the last fork on; `why`: what happened since. */
  #goOn(why: Refusal): Pool | Refusal {
    const fork = this.#forks.pop();
    if (fork === undefined) return why;
    if ("others" in fork) return this.#among(fork.others, why);
    fork.run.unreachable(why);
    return this.#follow(fork.run, fork.route);
  }

  /** A decision is not a failure: nothing goes on after it. */
  #refuse(refusal: Refusal): Refusal {
    this.#forks.length = 0;
    return refusal;
  }
}
