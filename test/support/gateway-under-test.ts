// The gateway that real servers are tested through: in this process, or the executable that SALLYPORT_BINARY names.

import { startFlow } from "./flow.ts";
import { type RouteGateway, startBinary } from "./gateway-binary.ts";

/** Starts a gateway with one route, named `route`, from a free port to `backendPort`. */
export async function startGatewayTo(route: string, backendPort: number): Promise<RouteGateway> {
  const files = { [`${route}.yaml`]: `listen: 127.0.0.1:0\nbackends: ["127.0.0.1:${backendPort}"]\n` };
  const binary = process.env["SALLYPORT_BINARY"];
  return binary === undefined || binary === "" ? startFlow(files) : startBinary(binary, files);
}
