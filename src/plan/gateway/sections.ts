// Which listeners are good by themselves: their protocol, the kinds of routes that they are for, and the options that are ours.
// Which are in each other's way is `conflicts.ts`.

import { GATEWAY_GROUP, nameOf } from "../../resource/manifest/manifest.ts";
import type { ValuePath } from "../../resource/origin.ts";
import type { RouteKind, Section } from "./section.ts";

/** Of each protocol that can be listened to, the kind of route that it is for. */
const KIND_OF: ReadonlyMap<string, string> = new Map([
  ["TCP", "TCPRoute"],
  ["TLS", "TLSRoute"],
]);

/** Options of `tls` that are ours. */
export const MIN_VERSION_OPTION = "sallyport.dev/min-tls-version";
export const ALPN_OPTION = "sallyport.dev/alpn";
const OWN_OPTIONS = "sallyport.dev/";

/** Judges what a listener says by itself. */
export function judgeListener(section: Section): void {
  const { conditions, listener, owner, gateway } = section;
  const mistaken = [owner, gateway].find(({ spec }) => spec.hasMistakes === true);
  if (mistaken !== undefined) {
    const message = `The document of ${mistaken.kind} "${nameOf(mistaken)}" has mistakes, so that clients are refused`;
    conditions.fail("Accepted", "Invalid", message);
  }
  const kind = KIND_OF.get(listener.protocol);
  if (kind === undefined) {
    const message = `Protocol "${listener.protocol}" is not supported: wanted is TCP or TLS`;
    conditions.failToo("Accepted", "UnsupportedProtocol", message, section.pathOf("protocol"));
    return;
  }
  judgeKinds(section, { group: GATEWAY_GROUP, kind });
  if (listener.tls?.options !== undefined) judgeOptions(section, listener.tls.options);
}

function judgeKinds(section: Section, supported: RouteKind): void {
  const { conditions, listener } = section;
  const { kinds = [] } = listener.allowedRoutes;
  const isSupported = (each: RouteKind): boolean => each.group === supported.group && each.kind === supported.kind;
  section.supportedKinds = kinds.length === 0 || kinds.some(isSupported) ? [supported] : [];
  for (const [index, each] of kinds.entries()) {
    if (isSupported(each)) continue;
    const written = each.group === GATEWAY_GROUP ? each.kind : `${each.kind} of group "${each.group}"`;
    const message = `Routes of kind ${written} cannot be attached to a ${listener.protocol} listener: wanted is ${supported.kind}`;
    conditions.failToo("ResolvedRefs", "InvalidRouteKinds", message, section.pathOf("allowedRoutes", "kinds", index));
  }
}

function judgeOptions(section: Section, options: Readonly<Record<string, string>>): void {
  const { conditions } = section;
  const path = (option: string): ValuePath => section.pathOf("tls", "options", option);
  for (const option of Object.keys(options)) {
    // Those of others are left to them; a slip of the pen in one of ours must not leave clients with less than was wanted.
    if (!option.startsWith(OWN_OPTIONS) || option === MIN_VERSION_OPTION || option === ALPN_OPTION) continue;
    const message = `There is no option ${option}: wanted is ${MIN_VERSION_OPTION} or ${ALPN_OPTION}`;
    conditions.failToo("Accepted", "UnsupportedValue", message, path(option));
  }
  const version = options[MIN_VERSION_OPTION];
  if (version !== undefined && version !== "1.2" && version !== "1.3") {
    const message = `Option ${MIN_VERSION_OPTION} cannot be "${version}": wanted is "1.2" or "1.3"`;
    conditions.failToo("Accepted", "UnsupportedValue", message, path(MIN_VERSION_OPTION));
  }
  const protocols = options[ALPN_OPTION]?.split(",").map((protocol) => protocol.trim()) ?? [];
  if (protocols.some((protocol) => !/^[\x21-\x7e]{1,255}$/.test(protocol))) {
    const message = `Option ${ALPN_OPTION} cannot be "${options[ALPN_OPTION]}": wanted are names of protocols with commas between them`;
    conditions.failToo("Accepted", "UnsupportedValue", message, path(ALPN_OPTION));
  }
}
