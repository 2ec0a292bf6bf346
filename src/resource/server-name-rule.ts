// The name by which a backend is asked for in TLS, and which its certificate has to have.

import { parseHostname } from "../base/hostname.ts";
import { parseIp } from "../base/ip.ts";
import { quote, rule } from "./rule.ts";

export const serverNameRule = rule((value, refuse): string | undefined => {
  const text = typeof value === "string" ? value : "";
  const name = parseHostname(text);
  if (name !== undefined) return name;
  if (parseIp(text.replace(/^\[(.*)\]$/, "$1")) === undefined)
    refuse("bad-server-name", `Expected a host name, found ${quote(value)}`);
  else {
    const hint = "Write a name that the backend's certificate has, or leave it out";
    refuse("ip-server-name", `${quote(value)} is an address: TLS asks for servers by host name`, hint);
  }
  return undefined;
});
