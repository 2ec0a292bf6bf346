// Gateways whose routes speak TLS, and the parts that such routes are written of.

import type { GatewayOptions } from "../../src/app/options.ts";
import { eventually } from "./eventually.ts";
import { type FlowGateway, startFlow } from "./flow.ts";
import { tlsPath } from "./tls-client.ts";

type Written = Readonly<Record<string, unknown>>;

/** A route on a port of 127.0.0.1 (0: any) with one backend or several. */
export function routeAt(
  port: number,
  backends: { readonly port: number } | readonly { readonly port: number }[],
  more: Written = {},
): Written {
  const all = "length" in backends ? backends : [backends];
  return { listen: `127.0.0.1:${port}`, backends: all.map((backend) => `127.0.0.1:${backend.port}`), ...more };
}

/** The TLS of these names goes through. */
export function passes(...hostnames: readonly string[]): Written {
  return { tls: { mode: "passthrough", hostnames } };
}

/** TLS ends here, with a certificate of test/fixtures/tls. */
export function ends(certificate = "one", more: Written = {}): Written {
  const files = { certificate: tlsPath(`${certificate}.pem`), key: tlsPath(`${certificate}.key`) };
  return { tls: { mode: "terminate", ...files, ...more } };
}

/** Starts it on routes by name. Throws when one of them is not right. */
export async function startTlsFlow(
  routes: Readonly<Record<string, Written>>,
  options: Partial<GatewayOptions> = {},
): Promise<FlowGateway> {
  const files = Object.fromEntries(Object.entries(routes).map(([name, route]) => [`${name}.yaml`, route]));
  const flow = await startFlow(files, options);
  const mistakes = (await flow.view.diagnostics()).filter(({ severity }) => severity === "error");
  if (mistakes.length === 0) return flow;
  await flow[Symbol.asyncDispose]();
  throw new Error(mistakes.map(({ code, message }) => `${code} ${message}`).join("\n"));
}

/** Nothing is left of clients that were being read or have been refused, and none is live. */
export async function untilNobodyIsThere(flow: FlowGateway): Promise<void> {
  await eventually(async () => {
    const { connectionsGreeting, connectionsActive } = await flow.view.engine();
    return connectionsGreeting + connectionsActive === 0;
  });
}
