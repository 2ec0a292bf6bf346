// Flags that several commands share, their environment twins (design 6), and how their values are judged. A flag wins
// over its twin; a twin that is set to nothing counts as absent.

import { delimiter } from "node:path";
import { isIP } from "node:net";
import { Option } from "commander";
import { formatHostPort, parseAddress } from "../base/address.ts";
import { parseDuration } from "../base/duration.ts";
import { formatIp, parseIp } from "../base/ip.ts";
import type { SocketAddress } from "../runtime/runtime.ts";
import { ADMIN_WANTED, DEFAULT_ADMIN, parseAdminAddress } from "./admin-address.ts";
import type { Cli } from "./cli.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { defaultStatePath } from "./state-path.ts";

export function adminFlag(): Option {
  return new Option("--admin <addr>", `admin port: ${ADMIN_WANTED} (default ${DEFAULT_ADMIN}; env SALLYPORT_ADMIN)`);
}

export function stateFlag(): Option {
  return new Option("--state <file>", "state file; its admin token lies beside it (env SALLYPORT_STATE)");
}

export function jsonFlag(): Option {
  return new Option("--json", "print JSON, for scripts");
}

export function bindFlag(): Option {
  return new Option("--bind <ip>", "address for routes that name none (repeatable; default all)").argParser(collect);
}

export function dnsFlag(): Option {
  return new Option(
    "--dns <ip[:port]>",
    "DNS server for names of backends (repeatable; default as the system does; env SALLYPORT_DNS)",
  ).argParser(collect);
}

export function geoFlag(): Option {
  return new Option(
    "--geo-db <file>",
    "database in MaxMind's format that policies ask about addresses (repeatable; env SALLYPORT_GEO_DB)",
  ).argParser(collect);
}

/** For flags that may be given several times. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** The twin's value, or `undefined` when it is absent or empty. */
export function fromEnvironment(cli: Cli, name: string): string | undefined {
  const value = cli.env[name];
  return value === undefined || value === "" ? undefined : value;
}

/** `--admin`, its twin, or the default. */
export function chosenAdmin(cli: Cli, flag: string | undefined): SocketAddress {
  const text = flag ?? fromEnvironment(cli, "SALLYPORT_ADMIN") ?? DEFAULT_ADMIN;
  const address = parseAdminAddress(text);
  if (address === undefined) {
    const source = flag === undefined ? "SALLYPORT_ADMIN" : "--admin";
    throw new CliError(EXIT.usage, `Cannot use "${text}" for ${source}: it wants ${ADMIN_WANTED}`);
  }
  return address;
}

/** `--state`, its twin, or the default. */
export function chosenState(cli: Cli, flag: string | undefined): string {
  return flag ?? fromEnvironment(cli, "SALLYPORT_STATE") ?? defaultStatePath(cli);
}

/** `--routes`, or its twin with several paths as in PATH. */
export function chosenRoutes(cli: Cli, flag: readonly string[] | undefined): readonly string[] {
  if (flag !== undefined) return flag;
  return (fromEnvironment(cli, "SALLYPORT_ROUTES") ?? "").split(delimiter).filter((path) => path !== "");
}

/** `--bind`: IP addresses, with or without brackets. */
export function chosenBind(flag: readonly string[] | undefined): readonly string[] {
  return (flag ?? []).map((text) => {
    const ip = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
    if (isIP(ip) === 0) throw new CliError(EXIT.usage, `Cannot use "${text}" for --bind: it wants an IP address`);
    return ip;
  });
}

/** `--dns`, or its twin with several servers and commas between: each with its port. */
export function chosenDns(cli: Cli, flag: readonly string[] | undefined): readonly string[] {
  const source = flag === undefined ? "SALLYPORT_DNS" : "--dns";
  const texts = flag ?? (fromEnvironment(cli, "SALLYPORT_DNS") ?? "").split(",").map((text) => text.trim());
  return texts
    .filter((text) => flag !== undefined || text !== "")
    .map((text) => {
      const server = parseDnsServer(text);
      if (server !== undefined) return server;
      throw new CliError(EXIT.usage, `Cannot use "${text}" for ${source}: it wants IP, IP:PORT or [IPv6]:PORT`);
    });
}

/** `--geo-db`, or its twin with several files and commas between. */
export function chosenGeoDatabases(cli: Cli, flag: readonly string[] | undefined): readonly string[] {
  if (flag?.includes("") === true) throw new CliError(EXIT.usage, "Cannot use nothing for --geo-db: it wants a file");
  const texts = flag ?? (fromEnvironment(cli, "SALLYPORT_GEO_DB") ?? "").split(",").map((text) => text.trim());
  return texts.filter((text) => text !== "");
}

/** Where DNS servers listen. */
const DNS_PORT = 53;

function parseDnsServer(text: string): string | undefined {
  const ip = parseIp(/^\[(.*:.*)\]$/.exec(text)?.[1] ?? text);
  if (ip !== undefined) return formatHostPort(formatIp(ip), DNS_PORT);
  const address = parseAddress(text);
  if (!("host" in address) || parseIp(address.host) === undefined) return undefined;
  const { firstPort, lastPort } = address;
  return firstPort === 0 || firstPort !== lastPort ? undefined : formatHostPort(address.host, firstPort);
}

/** One of a closed set, from a flag or its twin. */
export function chosenWord<Word extends string>(
  cli: Cli,
  flag: { readonly name: string; readonly value: string | undefined; readonly variable: string },
  words: readonly Word[],
): Word | undefined {
  const text = flag.value ?? fromEnvironment(cli, flag.variable);
  if (text === undefined) return undefined;
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) {
    const source = flag.value === undefined ? flag.variable : flag.name;
    throw new CliError(EXIT.usage, `Cannot use "${text}" for ${source}: it wants one of ${words.join(", ")}`);
  }
  return word;
}

/** Timers count milliseconds in 31 bits: 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A duration such as `500ms`, `30s` or `1h30m`, in milliseconds; `0` is none at all. */
export function durationFlag(name: string, text: string): number {
  const duration = text === "off" ? undefined : parseDuration(text);
  if (duration === undefined || duration > MAX_TIMER_MS) {
    throw new CliError(
      EXIT.usage,
      `Cannot use "${text}" for ${name}: it wants a duration up to 24d, such as 30s or 5m`,
    );
  }
  return duration;
}

/** A whole number within bounds. */
export function countFlag(name: string, text: string, most: number): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > most) {
    throw new CliError(EXIT.usage, `Cannot use "${text}" for ${name}: it wants a number from 1 to ${most}`);
  }
  return count;
}
