// Protocols inside TLS as ALPN names them, as a person writes them.

import { isShowable, quote, readList, type Refuse, rule } from "./rule.ts";

/** More than anybody offers, and it all fits into one message of a handshake. */
const MAX_PROTOCOLS = 100;

/** Names of protocols, each once. */
export const alpnRule = rule(readAlpn);

/** The good ones of such a list. */
export function readAlpn(value: unknown, refuse: Refuse): readonly string[] | undefined {
  if (typeof value === "string") {
    const names = value.split(/[\s,]+/).filter((name) => name !== "");
    const hint = names.length > 0 && isShowable(value) ? `Write [${names.join(", ")}]` : undefined;
    refuse("wrong-type", `Expected a list of protocols, found ${quote(value)}`, hint);
    return undefined;
  }
  const seen = new Set<string>();
  const read = (item: unknown, refuseItem: Refuse): string | undefined => {
    // What RFC 7301 allows besides is reserved or nobody's name.
    if (typeof item !== "string" || !/^[!-~]{1,255}$/.test(item)) {
      const message = `Expected a protocol of 1 to 255 visible ASCII characters such as h2, found ${quote(item)}`;
      refuseItem("bad-alpn", message, typeof item === "number" ? `Write "${item}"` : undefined);
      return undefined;
    }
    if (!seen.has(item)) {
      seen.add(item);
      return item;
    }
    refuseItem("duplicate-alpn", `${quote(item)} is listed twice`);
    return undefined;
  };
  return readList(value, refuse, read, MAX_PROTOCOLS);
}
