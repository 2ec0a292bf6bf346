// A gateway in this process on documents of ngrok's kinds, for tests over real sockets.

import type { GatewayOptions } from "../../src/app/options.ts";
import { type FlowGateway, startFlow } from "./flow.ts";

/** Starts it on `files`: name → documents. Throws when one of them has a mistake, unless that is the test. */
export async function startEndpoints(
  files: Readonly<Record<string, string>>,
  options: Partial<GatewayOptions> & { readonly mayBreak?: boolean } = {},
): Promise<FlowGateway> {
  const { mayBreak = false, ...rest } = options;
  const named = Object.fromEntries(Object.entries(files).map(([name, text]) => [`${name}.yaml`, text]));
  const flow = await startFlow(named, rest);
  const mistakes = mayBreak ? [] : (await flow.view.diagnostics()).filter(({ severity }) => severity !== "notice");
  if (mistakes.length === 0) return flow;
  await flow[Symbol.asyncDispose]();
  throw new Error(mistakes.map(({ code, message }) => `${code} ${message}`).join("\n"));
}

/** Writes a file of these documents and loads all files again. */
export async function apply(flow: FlowGateway, file: string, text: string): Promise<void> {
  await flow.write(`${file}.yaml`, text);
  await flow.reload();
}

/** Removes a file and loads the others again. */
export async function withdraw(flow: FlowGateway, file: string): Promise<void> {
  await flow.remove(`${file}.yaml`);
  await flow.reload();
}

/** The upstream of a backend here. */
export function upstreamAt({ port }: { readonly port: number }, scheme = "tcp"): string {
  return `${scheme}://127.0.0.1:${port}`;
}
