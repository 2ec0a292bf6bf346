// Where a Gateway listens: its `addresses`, as hosts to bind.

import { formatIp, parseIp } from "../../base/ip.ts";
import type { Gateway, GatewayAddress } from "../../resource/manifest/gateway.ts";
import { ALL, ALL_IPV4 } from "../claim.ts";
import type { GatewayApiOptions } from "./options.ts";

/** Hosts to bind, and what is wrong with the others. */
export interface GatewayPlaces {
  /** IPs; `undefined` for the addresses that a listener without a host has. */
  readonly hosts: readonly (string | undefined)[];
  /** As the status shows them. */
  readonly shown: readonly GatewayAddress[];
  /** Of a kind that there is not. */
  readonly unsupported?: AddressProblem;
  /** Of a kind that there is, and not to be had. */
  readonly unusable?: AddressProblem;
}

/** What is wrong with an address, and which. */
export interface AddressProblem {
  readonly index: number;
  readonly message: string;
}

/** All addresses, as a status shows them. */
const EVERYWHERE: readonly GatewayAddress[] = [
  { type: "IPAddress", value: ALL_IPV4 },
  { type: "IPAddress", value: ALL },
];

/** Where a Gateway listens; `bind` are the hosts of one that does not say. */
export function placesOf(gateway: Gateway, bind: readonly string[], { tcpHosts }: GatewayApiOptions): GatewayPlaces {
  const usual = bind.length === 0 ? EVERYWHERE : bind.map((value) => ({ type: "IPAddress", value }));
  const hosts = new Set<string | undefined>();
  const shown = new Map<string, GatewayAddress>();
  let unsupported: AddressProblem | undefined;
  let unusable: AddressProblem | undefined;
  const add = (host: string | undefined, ...addresses: readonly GatewayAddress[]): void => {
    for (const each of host === undefined && bind.length > 0 ? bind : [host]) hosts.add(each);
    for (const address of addresses) shown.set(`${address.type} ${address.value}`, address);
  };
  const addresses = gateway.spec.addresses ?? [];
  if (addresses.length === 0) add(undefined, ...usual);
  for (const [index, { type, value = "" }] of addresses.entries()) {
    if (type !== "IPAddress" && type !== "Hostname") {
      unsupported ??= {
        index,
        message: `Addresses of type "${type}" are not supported: wanted is IPAddress or Hostname`,
      };
    } else if (value === "") add(undefined, ...usual);
    else if (type === "IPAddress") {
      const ip = parseIp(value);
      if (ip === undefined) unusable ??= { index, message: `"${value}" is not an IP address` };
      else add(formatIp(ip), { type, value });
    } else if (tcpHosts.has(value.toLowerCase())) add(tcpHosts.get(value.toLowerCase()), { type, value });
    else {
      const message = `No address is known for the host name "${value}": start with --tcp-host ${value}=IP to give it one`;
      unusable ??= { index, message };
    }
  }
  return {
    hosts: withoutCovered(hosts),
    shown: [...shown.values()],
    ...(unsupported === undefined ? {} : { unsupported }),
    ...(unusable === undefined ? {} : { unusable }),
  };
}

/** One that stands for others leaves nothing to them. */
function withoutCovered(hosts: ReadonlySet<string | undefined>): readonly (string | undefined)[] {
  if (hosts.has(undefined)) return [undefined];
  if (hosts.has(ALL)) return [ALL];
  const all = [...hosts];
  return hosts.has(ALL_IPV4) ? all.filter((host) => host === ALL_IPV4 || host?.includes(":") === true) : all;
}
