// What addresses there are to hand out: the names of `--tcp-host` and the ports of `--tcp-ports`. Knows nothing of who has which.

import { randomInt } from "node:crypto";
import { parseHostname } from "../base/hostname.ts";
import type { AddressFinding, HostPort } from "../plan/addresses.ts";
import { ALL, ALL_IPV4 } from "../plan/claim.ts";
import type { GatewayApiOptions } from "../plan/gateway/options.ts";

/** A whole number from 0 on and below `below`, each as likely as the others. */
export type Draw = (below: number) => number;

/** While there is room, one of these is free; they spare looking at all addresses. */
const QUICK_DRAWS = 32;

export class AddressSpace {
  /** In the order of the flags. */
  readonly hosts: readonly string[];
  readonly #ips: GatewayApiOptions["tcpHosts"];
  readonly #ports: GatewayApiOptions["tcpPorts"];
  readonly #portCount: number;
  readonly #draw: Draw;

  constructor({ tcpHosts, tcpPorts }: Pick<GatewayApiOptions, "tcpHosts" | "tcpPorts">, draw: Draw = randomInt) {
    this.hosts = [...tcpHosts.keys()];
    this.#ips = tcpHosts;
    this.#ports = tcpPorts;
    this.#portCount = tcpPorts.reduce((sum, { firstPort, lastPort }) => sum + lastPort - firstPort + 1, 0);
    this.#draw = draw;
  }

  /** The host of who names none. */
  get firstHost(): string {
    return this.hosts[0] ?? "";
  }

  /** A name in the form in which it is kept; one that is no host name comes back as it is. */
  static hostOf(text: string): string {
    return parseHostname(text) ?? text;
  }

  /** Why an address is none of these. */
  problemOf({ host, port }: HostPort): AddressFinding | undefined {
    return this.hostProblem(host) ?? this.portProblem(port);
  }

  hostProblem(host: string): AddressFinding | undefined {
    if (this.#ips.has(host)) return undefined;
    const message = `"${host}" is no host of TCP addresses: --tcp-host gives ${this.hosts.join(", ")}`;
    return { reason: "HostNotFound", message };
  }

  portProblem(port: number): AddressFinding | undefined {
    if (this.#ports.some(({ firstPort, lastPort }) => firstPort <= port && port <= lastPort)) return undefined;
    return { reason: "PortOutOfRange", message: `Port ${port} is outside of --tcp-ports ${this.#formatPorts()}` };
  }

  /** Whether two addresses cannot both be bound. A host that is not known any more may have been any. */
  overlaps(a: HostPort, b: HostPort): boolean {
    return a.port === b.port && (a.host === b.host || this.isBoundBy(a.host, this.#ips.get(b.host)));
  }

  /** Whether who binds this IP binds the host, too; `undefined`: all IPs. */
  isBoundBy(host: string, ip: string | undefined): boolean {
    const own = this.#ips.get(host);
    if (own === undefined || ip === undefined || own === ip || own === ALL || ip === ALL) return true;
    return (own === ALL_IPV4 && !ip.includes(":")) || (ip === ALL_IPV4 && !own.includes(":"));
  }

  /** One of the addresses of `hosts` that are not taken, each as likely as the others; `undefined`: all are taken. */
  drawFree(hosts: readonly string[], isTaken: (address: HostPort) => boolean): HostPort | undefined {
    const count = hosts.length * this.#portCount;
    for (let draws = 0; draws < QUICK_DRAWS; draws++) {
      const address = this.#at(hosts, this.#draw(count));
      if (!isTaken(address)) return address;
    }
    const free: HostPort[] = [];
    for (let index = 0; index < count; index++) {
      const address = this.#at(hosts, index);
      if (!isTaken(address)) free.push(address);
    }
    return this.choose(free);
  }

  /** One of these, each as likely as the others. */
  choose(addresses: readonly HostPort[]): HostPort | undefined {
    return addresses.length === 0 ? undefined : addresses[this.#draw(addresses.length)];
  }

  /** What is said when there is nothing left. */
  full(hosts: readonly string[]): AddressFinding {
    const message = `All ports of --tcp-ports ${this.#formatPorts()} are taken on ${hosts.join(", ")}: delete an address or give more ports`;
    return { reason: "RangeFull", message };
  }

  #at(hosts: readonly string[], index: number): HostPort {
    let rest = index % this.#portCount;
    let port = 0;
    for (const { firstPort, lastPort } of this.#ports) {
      port = firstPort + rest;
      if (port <= lastPort) break;
      rest -= lastPort - firstPort + 1;
    }
    return { host: hosts[Math.floor(index / this.#portCount)] ?? this.firstHost, port };
  }

  #formatPorts(): string {
    return this.#ports
      .map(({ firstPort, lastPort }) => (firstPort === lastPort ? String(firstPort) : `${firstPort}-${lastPort}`))
      .join();
  }
}
