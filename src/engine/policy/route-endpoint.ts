// What expressions may ask of the endpoint that a client came to. Its texts are made when they ask: most policies never do.

import { formatHostPort } from "../../base/address.ts";
import type { ConnFacts, EndpointFacts } from "../../cel/scope.ts";
import type { RoutePlan } from "../../plan/plan.ts";

/** Of a route: by its URL or, where it has none, by its name and the address that the client connected to. */
export class RouteEndpoint implements EndpointFacts {
  readonly #plan: Pick<RoutePlan, "name" | "endpoint">;
  readonly #client: Pick<ConnFacts, "serverIp" | "serverPort">;

  constructor(plan: Pick<RoutePlan, "name" | "endpoint">, client: Pick<ConnFacts, "serverIp" | "serverPort">) {
    this.#plan = plan;
    this.#client = client;
  }

  get id(): string {
    return this.#plan.endpoint?.id ?? this.#plan.name;
  }

  get url(): string {
    return this.#plan.endpoint?.url ?? `tcp://${this.addr}`;
  }

  get host(): string {
    return this.#plan.endpoint?.host ?? this.#client.serverIp;
  }

  get port(): number {
    return this.#plan.endpoint?.port ?? this.#client.serverPort;
  }

  get addr(): string {
    return formatHostPort(this.host, this.port);
  }

  get protocol(): "tcp" | "tls" {
    return this.#plan.endpoint?.scheme ?? "tcp";
  }
}
