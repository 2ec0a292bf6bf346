// Flags for resources with `apiVersion` and `kind`, which `run` and `check` share, and how their values are judged.

import { type Command, Option } from "commander";
import { parsePorts, type Ports } from "../base/address.ts";
import { parseHostname } from "../base/hostname.ts";
import { formatIp, parseIp } from "../base/ip.ts";
import { DEFAULT_TCP_HOSTS, DEFAULT_TCP_PORTS, type GatewayApiOptions } from "../plan/gateway/options.ts";
import type { Cli } from "./cli.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { collect, fromEnvironment } from "./flags.ts";

export interface GatewayApiFlags {
  readonly tcpHost?: readonly string[];
  readonly tcpPorts?: string;
  readonly clusterDomain?: string;
}

/** Adds `--tcp-host`, `--tcp-ports` and `--cluster-domain`. */
export function addGatewayApiFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--tcp-host <name[=ip]>",
        "name that a Gateway or a TCP address may have (repeatable; default localhost=127.0.0.1; env SALLYPORT_TCP_HOST)",
      ).argParser(collect),
    )
    .option(
      "--tcp-ports <ranges>",
      "ports that TCP addresses may have, commas between several (default 20000-29999; env SALLYPORT_TCP_PORTS)",
    )
    .option("--cluster-domain <domain>", "domain in which names of Services are looked up, such as cluster.local");
}

export function chosenGatewayApi(cli: Cli, flags: GatewayApiFlags): GatewayApiOptions {
  const clusterDomain = chosenDomain(flags.clusterDomain);
  return {
    tcpHosts: chosenTcpHosts(cli, flags.tcpHost),
    tcpPorts: chosenTcpPorts(cli, flags.tcpPorts),
    ...(clusterDomain === undefined ? {} : { clusterDomain }),
  };
}

/** `--tcp-host`, or its twin with several names and commas between. */
function chosenTcpHosts(cli: Cli, flag: readonly string[] | undefined): GatewayApiOptions["tcpHosts"] {
  const source = flag === undefined ? "SALLYPORT_TCP_HOST" : "--tcp-host";
  const texts = flag ?? splitTwin(fromEnvironment(cli, "SALLYPORT_TCP_HOST") ?? "");
  if (texts.length === 0) return DEFAULT_TCP_HOSTS;
  const hosts = new Map<string, string | undefined>();
  for (const text of texts) {
    const host = parseTcpHost(text);
    if (host === undefined) {
      throw new CliError(EXIT.usage, `Cannot use "${text}" for ${source}: it wants NAME or NAME=IP`);
    }
    if (hosts.has(host.name) && hosts.get(host.name) !== host.ip) {
      throw new CliError(
        EXIT.usage,
        `Cannot use "${text}" for ${source}: "${host.name}" is given with another address`,
      );
    }
    hosts.set(host.name, host.ip);
  }
  return hosts;
}

/** `--tcp-ports`, or its twin: ports and ranges of them, none of them twice. */
function chosenTcpPorts(cli: Cli, flag: string | undefined): GatewayApiOptions["tcpPorts"] {
  const source = flag === undefined ? "SALLYPORT_TCP_PORTS" : "--tcp-ports";
  const text = flag ?? fromEnvironment(cli, "SALLYPORT_TCP_PORTS");
  if (text === undefined) return DEFAULT_TCP_PORTS;
  const refuse = (why: string): CliError =>
    new CliError(EXIT.usage, `Cannot use "${text}" for ${source}: ${why}; it wants ports such as 20000-29999`);
  const chosen: Ports[] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    const ports = parsePorts(part);
    if ("problem" in ports) throw refuse(ports.problem);
    if (ports.firstPort === 0) throw refuse("port 0 is none");
    // A port that counts twice would be handed out twice as often.
    if (chosen.some((other) => other.firstPort <= ports.lastPort && ports.firstPort <= other.lastPort)) {
      throw refuse(`"${part}" is in it twice`);
    }
    chosen.push(ports);
  }
  return chosen;
}

function splitTwin(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function parseTcpHost(text: string): { readonly name: string; readonly ip: string | undefined } | undefined {
  const equals = text.indexOf("=");
  const name = parseHostname(equals === -1 ? text : text.slice(0, equals));
  if (name === undefined) return undefined;
  // Whoever says localhost means no other address of this machine.
  if (equals === -1) return { name, ip: DEFAULT_TCP_HOSTS.get(name) };
  const written = text.slice(equals + 1);
  const ip = parseIp(/^\[(.*:.*)\]$/.exec(written)?.[1] ?? written);
  return ip === undefined ? undefined : { name, ip: formatIp(ip) };
}

function chosenDomain(flag: string | undefined): string | undefined {
  if (flag === undefined) return undefined;
  const domain = parseHostname(flag);
  if (domain !== undefined) return domain;
  throw new CliError(
    EXIT.usage,
    `Cannot use "${flag}" for --cluster-domain: it wants a host name, such as cluster.local`,
  );
}

export function statusDirFlag(): Option {
  return new Option("--status-dir <dir>", "directory for the status of resources, a YAML file for each that has one");
}

export function chosenStatusDir(flag: string | undefined): string | undefined {
  if (flag === "") throw new CliError(EXIT.usage, "Cannot use nothing for --status-dir: it wants a directory");
  return flag;
}
