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

/** More than anybody means: how often one client may be forwarded. */
const MAX_FORWARDS = 64;

const CIRCLE: Refusal = { reason: "denied-policy", detail: "Its policies forward in a circle" };
const NO_MEMBER: Refusal = { reason: "no-backend", detail: "No endpoint has this URL any more" };
const NO_URL: Refusal = { reason: "denied-policy", detail: "What it forwards to is no URL of an internal endpoint" };

/** What comes next. `failed`: nobody is there, and it may go on elsewhere. `refused`: it was decided, and goes on nowhere. */
type Next =
  { readonly route: Route } | { readonly pool: Pool } | { readonly failed: Refusal } | { readonly refused: Refusal };

/** Where the client goes on when it found nobody: at another of several endpoints, or in the policy that sent it here. */
type Fork =
  | { readonly others: Route[]; readonly branch: Branch }
  | { readonly run: PolicyRun; readonly route: Route; readonly passed: number; readonly branch: Branch | null };

/** Where several endpoints were to choose from. */
interface Branch {
  /** How many routes it had passed, and how many forks there were. */
  readonly passed: number;
  readonly forks: number;
  /** Chooses again, among those that are there now. */
  readonly choose: () => Next;
}

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
  /** The last one. */
  #branch: Branch | null = null;
  #forwards = 0;

  constructor(route: Route, visitor: Visitor, services: CourseServices) {
    this.#route = route;
    this.#visitor = visitor;
    this.#services = services;
  }

  /** Where the client goes first, or why it is not let in. */
  begin(): Pool | Refusal {
    const running = this.#services.internals.runs(this.#route);
    return this.#walk(running ? { route: this.#route } : { refused: ROUTE_CHANGED });
  }

  /** Where it goes on, after nobody had a backend for it. */
  next(why: Refusal): Pool | Refusal {
    return this.#walk(why === ROUTE_CHANGED ? { refused: why } : { failed: why });
  }

  /** Where it goes now that its pool has left the plan. Nothing that was decided on the way is decided again. */
  again(why: Refusal): Pool | Refusal {
    const end = this.#passed.at(-1);
    if (end !== undefined && this.#services.internals.runs(end.route)) {
      const pool = end.route.choosePool();
      if (pool !== null && !pool.closed) return this.isStill ? pool : ROUTE_CHANGED;
    }
    const branch = this.#branch;
    if (branch === null) return why;
    this.#passed.length = branch.passed;
    this.#forks.length = Math.min(this.#forks.length, branch.forks);
    // Who had nobody decides nothing any more.
    return this.#walk(this.isStill ? branch.choose() : { refused: ROUTE_CHANGED });
  }

  /** Whether all who decided are there, and would decide by the same rules now. */
  get isStill(): boolean {
    return this.#passed.every(
      ({ route, plan }) =>
        this.#services.internals.runs(route) &&
        (route.plan === plan ||
          (isDeepStrictEqual(route.plan.policy, plan.policy) && isDeepStrictEqual(route.plan.members, plan.members))),
    );
  }

  /** Step by step: thousands of endpoints may share a URL. */
  #walk(first: Next): Pool | Refusal {
    let next = first;
    for (;;) {
      if ("pool" in next) return next.pool;
      if ("refused" in next) {
        // Nothing goes on after a decision.
        this.#forks.length = 0;
        return next.refused;
      }
      if ("route" in next) next = this.#enter(next.route);
      else {
        const fork = this.#forks.pop();
        if (fork === undefined) {
          // A rule that had the last word, and led nowhere.
          if (this.note.verdict === "forwarded") this.note.verdict = "unreachable";
          return next.failed;
        }
        next = this.#goOn(fork, next.failed);
      }
    }
  }

  #enter(route: Route): Next {
    this.#passed.push({ route, plan: route.plan });
    const { members } = route.plan;
    if (members !== undefined) return this.#branchOff(() => this.#services.internals.named(members), NO_MEMBER);
    if (route.program === null) return poolOf(route);
    const { ip } = this.#visitor;
    const scope = new Scope(this.#visitor, new RouteEndpoint(route.plan, this.#visitor), this.#services.geo);
    const client = { scope, ip, note: this.note, nowMs: performance.now() };
    return this.#follow(new PolicyRun(route.program, client, route), route);
  }

  #follow(run: PolicyRun, route: Route): Next {
    const outcome = run.next();
    if (outcome === "admit") return poolOf(route);
    if ("refusal" in outcome) return { refused: outcome.refusal };
    if (++this.#forwards > MAX_FORWARDS) return { refused: CIRCLE };
    if (outcome.goesOn) this.#forks.push({ run, route, passed: this.#passed.length, branch: this.#branch });
    const url = parseEndpointUrl(outcome.forward);
    if ("mistake" in url || !url.internal || url.wildcard || url.host === undefined || url.port === undefined) {
      return { failed: NO_URL };
    }
    const { scheme, host, port } = url;
    const none: Refusal = { reason: "no-backend", detail: `There is no endpoint ${outcome.forward}` };
    return this.#branchOff(() => this.#services.internals.find(scheme, host, port), none);
  }

  #branchOff(find: () => readonly Route[], none: Refusal): Next {
    const choose = (): Next => this.#among([...find()], branch, none);
    const branch: Branch = { passed: this.#passed.length, forks: this.#forks.length, choose };
    return choose();
  }

  /** To one of them, at random; the others are for later. */
  #among(routes: Route[], branch: Branch, none: Refusal): Next {
    this.#branch = branch;
    this.#passed.length = branch.passed;
    while (routes.length > 0) {
      const at = Math.floor(Math.random() * routes.length);
      const route = routes[at];
      const last = routes.pop();
      if (last !== undefined && at < routes.length) routes[at] = last;
      // It may have left the plan while the client was elsewhere.
      if (route === undefined || !this.#services.internals.runs(route)) continue;
      if (routes.length > 0) this.#forks.push({ others: routes, branch });
      return { route };
    }
    return { failed: none };
  }

  /** `why`: what happened since. */
  #goOn(fork: Fork, why: Refusal): Next {
    if ("others" in fork) return this.#among(fork.others, fork.branch, why);
    fork.run.unreachable(why);
    this.#passed.length = fork.passed;
    this.#branch = fork.branch;
    return this.#follow(fork.run, fork.route);
  }
}

function poolOf(route: Route): Next {
  const pool = route.choosePool();
  return pool === null || pool.closed ? { failed: route.refusal } : { pool };
}
