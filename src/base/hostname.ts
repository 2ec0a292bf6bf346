// Host names as TLS and people write them, in the one form that is compared: lower case, without the dot at the end. Text
// only: nothing is looked up, and international names are their A-labels (`xn--…`), as they are.

import { isHostName } from "./address.ts";

/**
 * A host name in its compared form; `undefined` when it is none: at most 253 characters, labels of 1–63 letters, digits,
 * `-` and `_` that do not begin or end with `-`, the last one not of digits alone, which would be an address. Total.
 */
export function parseHostname(text: string): string | undefined {
  if (!isHostName(text)) return undefined;
  return (text.endsWith(".") ? text.slice(0, -1) : text).toLowerCase();
}

/**
 * Which names are meant. `wildcard: "one-label"` means every name with exactly one label before `.name`, `"any-depth"`
 * one or more; neither means `name` itself. `"all"` means every name, and clients that give none.
 */
export type HostnamePattern =
  { readonly name: string; readonly wildcard: "none" | "one-label" | "any-depth" } | { readonly wildcard: "all" };

/** Why a text is no pattern: a phrase that can follow a colon. */
export interface HostnameProblem {
  readonly problem: string;
}

/**
 * Parses a name, `*.name` or `*`, or tells what is wrong with it. How many labels the star stands for is up to the
 * dialect: one, unless told otherwise. Total: never throws.
 */
export function parseHostnamePattern(
  text: string,
  star: "one-label" | "any-depth" = "one-label",
): HostnamePattern | HostnameProblem {
  if (text === "*") return { wildcard: "all" };
  const written = text.startsWith("*.") ? text.slice(2) : text;
  if (written.includes("*"))
    return { problem: `the * of "${text}" must be its whole first label, as in *.example.com` };
  const name = parseHostname(written);
  if (name !== undefined) return { name, wildcard: written === text ? "none" : star };
  if (!isAscii(text)) return { problem: `"${text}" must be written in its ASCII form (xn--…)` };
  return { problem: `"${text}" is not a host name` };
}

/** Writes a pattern in the form that `parseHostnamePattern` reads. */
export function formatHostnamePattern(pattern: HostnamePattern): string {
  if (pattern.wildcard === "all") return "*";
  return pattern.wildcard === "none" ? pattern.name : `*.${pattern.name}`;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 126) return false;
  return true;
}
