// The names that a route takes of those that TLS clients ask for, as a person writes them: what is said about each wrong one.

import { formatHostnamePattern, type HostnamePattern, parseHostname, parseHostnamePattern } from "../base/hostname.ts";
import { parseIp } from "../base/ip.ts";
import { quote, readList, type Refuse, rule } from "./rule.ts";

const IP_HINT = "Clients that connect to an address give no name: leave hostnames out for them";

/** Names and `*.` names; empty: all names, which is also what `*` alone means. */
export const hostnamesRule = rule(readHostnames);

/** The good ones of such a list. */
export function readHostnames(value: unknown, refuse: Refuse): readonly HostnamePattern[] | undefined {
  const seen = new Set<string>();
  const patterns = readList(value, refuse, (item, refuseItem) => {
    const pattern = readHostname(item, refuseItem, IP_HINT);
    if (pattern === undefined) return undefined;
    const name = formatHostnamePattern(pattern);
    if (!seen.has(name)) {
      seen.add(name);
      return pattern;
    }
    refuseItem("duplicate-hostname", `${quote(name)} is listed twice`);
    return undefined;
  });
  if (!seen.has("*")) return patterns;
  if (Array.isArray(value) && value.some((item) => item !== "*")) {
    const hint = 'Write "*" alone, or leave it out to take only the others';
    refuse("pointless-hostname", '"*" takes every name: the others have no effect', hint, [value.indexOf("*")]);
  }
  return [];
}

/** One name, `*.` name or `*`; `ipHint` is for those who write an address. */
export function readHostname(value: unknown, refuse: Refuse, ipHint: string): HostnamePattern | undefined {
  const text = typeof value === "string" ? value : "";
  const pattern = parseHostnamePattern(text);
  if (!("problem" in pattern)) return pattern;
  const wrong = (code: string, problem: string, hint?: string): void =>
    refuse(code, `Cannot use ${quote(value)} as a host name: ${problem}`, hint);
  if (parseIp(text.replace(/^\[(.*)\]$/, "$1")) !== undefined) wrong("ip-hostname", "it is an address", ipHint);
  else if (hasBeyondAscii(text)) wrong("non-ascii-hostname", "it must be in its ASCII form (xn--…)", asciiHint(text));
  else if (text.includes("*"))
    wrong("bad-wildcard", "the * must be its whole first label", "As in *.example.com; it stands for one label");
  else {
    const message = `Expected a host name such as db.example.com or *.example.com, found ${quote(value)}`;
    refuse("bad-hostname", message, plainHint(text));
  }
  return undefined;
}

function hasBeyondAscii(text: string): boolean {
  return Array.from(text).some((character) => character > "~");
}

/** How clients spell an international name. */
function asciiHint(text: string): string | undefined {
  const star = text.startsWith("*.") ? "*." : "";
  const url = `https://${text.slice(star.length)}`;
  const name = URL.canParse(url) ? parseHostname(new URL(url).hostname) : undefined;
  return name === undefined ? undefined : `Write ${JSON.stringify(star + name)}`;
}

/** For those who write an address or a URL. */
function plainHint(text: string): string | undefined {
  const name = text.replace(/^[a-z]+:\/\//i, "").replace(/(?::\d+)?\/?$/, "");
  return name !== text && parseHostname(name) !== undefined ? `Write ${JSON.stringify(name)}` : undefined;
}
