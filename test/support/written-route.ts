// One Route document as a person writes it, through the reader of files: what it means, or what is said about it.

import { expect } from "bun:test";

import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { Loader } from "../../src/config/load.ts";
import type { PoolSpec, RouteResource } from "../../src/resource/route.ts";

interface LoadedRoute {
  readonly resources: readonly RouteResource[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Loads one route that has these lines besides a port and, unless they name others, a backend. */
async function load(more: string): Promise<LoadedRoute> {
  const backends = /^backends:/m.test(more) ? "" : 'backends: ["b:1"]\n';
  const listen = /^listen:/m.test(more) ? "" : "listen: 1\n";
  const file = { file: "a.yaml", text: `${listen}${backends}${more}\n` };
  return await new Loader().load({ documents: [], directories: [], embedded: [file] });
}

/** The route that these lines mean, about which there is nothing to say. */
export async function route(more: string): Promise<RouteResource> {
  const { resources, diagnostics } = await load(more);
  expect(diagnostics).toEqual([]);
  const [first] = resources;
  if (first === undefined) throw new Error("Expected a route");
  return first;
}

/** The pool of the route that these lines mean. */
export async function pool(more: string): Promise<PoolSpec> {
  const [share] = (await route(more)).pools;
  if (share === undefined) throw new Error("Expected a pool");
  return share.spec;
}

/** `code message (hint)` of everything that is wrong with these lines. What is left of the route lets nobody in. */
export async function told(more: string): Promise<readonly string[]> {
  const { diagnostics } = await load(more);
  expect(diagnostics.some(({ severity }) => severity === "error")).toBe(true);
  return diagnostics.map(inWords);
}

/** The same of lines that are a route nevertheless, and the route. */
export async function warned(
  more: string,
): Promise<{ readonly route: RouteResource; readonly told: readonly string[] }> {
  const { resources, diagnostics } = await load(more);
  expect(diagnostics.map(({ severity }) => severity)).not.toContain("error");
  const [first] = resources;
  if (first === undefined) throw new Error("Expected a route");
  return { route: first, told: diagnostics.map(inWords) };
}

/** A map as the reader of YAML makes it: without a prototype. */
export function bare(map: object): Record<string, unknown> {
  return Object.assign(Object.create(null), map);
}

function inWords({ code, message, hint }: Diagnostic): string {
  return `${code} ${message}${hint === undefined ? "" : ` (${hint})`}`;
}
