// Which listeners of one Gateway are in each other's way (GatewaySpec.listeners; GEP-2644; GEP-1713 for ListenerSets). Among the
// Gateway's own nobody wins; a ListenerSet's gives way to whatever comes before it.

import { nameOf } from "../../resource/manifest/manifest.ts";
import { widerNames } from "./hostnames.ts";
import type { Section } from "./section.ts";

type Conflict = "HostnameConflict" | "ProtocolConflict";

/** What can share a port when host names differ; others share it with nobody. */
const NAMED: ReadonlyMap<string, "tls" | "http"> = new Map([
  ["TLS", "tls"],
  ["HTTPS", "tls"],
  ["HTTP", "http"],
]);

/** Tells listeners that are in each other's way. `sections` are those of one Gateway, in order of precedence. */
export function judgeConflicts(sections: readonly Section[]): void {
  for (const onPort of Map.groupBy(sections, ({ listener }) => listener.port).values()) {
    if (onPort.length > 1) judgePort(onPort);
  }
}

function judgePort(onPort: readonly Section[]): void {
  const own = onPort.filter(({ owner }) => owner.kind === "Gateway");
  const kept = new Kept();
  for (const section of onPort) {
    // A Gateway has few listeners; all of its ListenerSets together may have thousands.
    const isOwn = section.owner.kind === "Gateway";
    const rival = isOwn
      ? own.find((other) => other !== section && clash(section, other) !== undefined)
      : kept.find(section);
    const conflict = rival === undefined ? undefined : clash(section, rival);
    // What nobody has among a Gateway's own is not there for others to take.
    if (isOwn || conflict === undefined) kept.add(section);
    if (rival !== undefined && conflict !== undefined) tell(section, rival, conflict);
  }
  judgeOverlaps(onPort.filter((section) => section.terminates && section.accepted));
}

function tell(section: Section, { listener, owner }: Section, reason: Conflict): void {
  const { conditions } = section;
  const { hostname, port } = section.listener;
  const has =
    reason === "ProtocolConflict"
      ? `with protocol ${listener.protocol}`
      : hostname === undefined
        ? "without a host name too"
        : `with host name "${hostname}" too`;
  const message = `Listener "${listener.name}" of ${owner.kind} "${nameOf(owner)}" has port ${port} ${has}`;
  const path = section.pathOf(reason === "HostnameConflict" && hostname !== undefined ? "hostname" : "port");
  conditions.fail("Accepted", reason, message, path);
  conditions.fail("Programmed", reason, message, path);
  conditions.hold("Conflicted", reason, message, path);
}

/** Sections that those after them must not be in the way of, found by what they could clash in. */
class Kept {
  #udp: Section | undefined;
  /** Of those that share a port with nobody. */
  #raw: Section | undefined;
  readonly #first = new Map<"tls" | "http", Section>();
  readonly #byName = new Map<string, Section>();

  add(section: Section): void {
    const { protocol } = section.listener;
    const kind = NAMED.get(protocol);
    if (protocol === "UDP") this.#udp ??= section;
    else if (kind === undefined) this.#raw ??= section;
    else {
      if (!this.#first.has(kind)) this.#first.set(kind, section);
      const key = nameKey(kind, section);
      if (!this.#byName.has(key)) this.#byName.set(key, section);
    }
  }

  /** One that clashes with a section. */
  find(section: Section): Section | undefined {
    const { protocol } = section.listener;
    if (protocol === "UDP") return this.#udp;
    if (this.#raw !== undefined) return this.#raw;
    const kind = NAMED.get(protocol);
    if (kind === undefined) return this.#first.get("tls") ?? this.#first.get("http");
    return this.#first.get(kind === "tls" ? "http" : "tls") ?? this.#byName.get(nameKey(kind, section));
  }
}

function nameKey(kind: string, { listener: { hostname = "" } }: Section): string {
  return `${kind} ${hostname}`;
}

/** Why two listeners cannot share their port. */
function clash({ listener: a }: Section, { listener: b }: Section): Conflict | undefined {
  // UDP has ports of its own.
  if ((a.protocol === "UDP") !== (b.protocol === "UDP")) return undefined;
  const kind = NAMED.get(a.protocol);
  if (kind === undefined || kind !== NAMED.get(b.protocol)) return "ProtocolConflict";
  return a.hostname === b.hostname ? "HostnameConflict" : undefined;
}

/** Tells listeners that end TLS of names that another one means too. */
function judgeOverlaps(terminated: readonly Section[]): void {
  const byName = new Map(terminated.map((section) => [section.listener.hostname, section]));
  for (const section of terminated) {
    const { hostname } = section.listener;
    if (hostname === undefined) continue;
    for (const wider of widerNames(hostname)) {
      const other = byName.get(wider);
      if (other === undefined) continue;
      tellOverlap(section, other);
      tellOverlap(other, section);
    }
  }
}

function tellOverlap({ conditions }: Section, { listener }: Section): void {
  const message = `Listener "${listener.name}" has a host name that overlaps with this one's: the closer one has the clients of both`;
  conditions.hold("OverlappingTLSConfig", "OverlappingHostnames", message);
}
