// The gateway that real servers are tested through: in this process, or the executable that SALLYPORT_BINARY names.

import { formatAccessJson } from "../../src/observe/log-json.ts";
import { startFlow } from "./flow.ts";
import { readAccess, type RouteGateway, startBinary } from "./gateway-binary.ts";

/** Starts a gateway with one route, named `route`, from a free port to `backendPort`. */
export async function startGatewayTo(route: string, backendPort: number): Promise<RouteGateway> {
  return startGatewayOn(route, [backendPort]);
}

/** Starts a gateway with one route, from a free port to these ports of loopback; `more` are further keys of the route. */
export async function startGatewayOn(
  route: string,
  backendPorts: readonly number[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<RouteGateway> {
  const backends = backendPorts.map((port) => `127.0.0.1:${port}`);
  return startGatewayWith({ [route]: { listen: "127.0.0.1:0", backends, ...more } });
}

/** Starts a gateway with these routes, each in a file of its own, named as its key says. */
export async function startGatewayWith(
  routes: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Promise<RouteGateway> {
  const files = Object.fromEntries(
    Object.entries(routes).map(([name, route]) => [`${name}.yaml`, JSON.stringify(route)]),
  );
  const binary = process.env["SALLYPORT_BINARY"];
  if (binary !== undefined && binary !== "") return startBinary(binary, files);
  const flow = await startFlow(files);
  return {
    port: (name) => flow.port(name),
    engine: () => flow.view.engine(),
    accesses: async () => flow.log.records.map((record) => readAccess(formatAccessJson("", record))),
    messages: async () => flow.log.lines.map(({ message }) => message),
    [Symbol.asyncDispose]: () => flow[Symbol.asyncDispose](),
  };
}
