// What a status says that somebody has to do something about, as messages at the place in the file where it was written.

import { compareDiagnostics, type Diagnostic, type Severity } from "../../base/diagnostic.ts";
import type { AnyManifest } from "../../resource/manifest/kinds.ts";
import { nameOf } from "../../resource/manifest/manifest.ts";
import type { ValuePath } from "../../resource/origin.ts";
import { conditionsOfAddress } from "../tcp-address-status.ts";
import { hasMistakes } from "../ngrok/built-endpoint.ts";
import { whyUnneeded } from "../ngrok/unneeded.ts";
import { isOurs, judgeClass } from "./classes.ts";
import type { Conditions } from "./conditions.ts";
import { NOTHING_RUNS } from "./outcome.ts";
import { conditionsFor, conditionsOfParent } from "./route-status.ts";
import type { RouteState } from "./attach.ts";
import type { Translation } from "./translate.ts";

/** What follows from another condition is not told again. */
const CONSEQUENCES: ReadonlySet<string> = new Set([
  "Programmed/Invalid",
  "Programmed/ParentNotProgrammed",
  "Accepted/ParentNotAccepted",
  "Accepted/NoValidCACertificate",
  // The mistakes of its document are told where they are.
  "TCPRoute/Accepted/UnsupportedValue",
  "TLSRoute/Accepted/UnsupportedValue",
  "Gateway/Accepted/Invalid",
  "ListenerSet/Accepted/Invalid",
  "Ready/NotAccepted",
]);

/** All messages, sorted. They are warnings: an object that is not as it should be is no mistake of its file. */
export function findingsOf(translation: Translation): readonly Diagnostic[] {
  const board = new Board();
  const { catalog, gateways, routeStates } = translation;
  for (const gatewayClass of catalog.of("GatewayClass")) {
    if (isOurs(gatewayClass)) board.tellBad(gatewayClass, judgeClass(gatewayClass));
  }
  for (const { gateway, finding } of gateways.others) {
    const code = finding.code.slice(finding.code.indexOf("/") + 1);
    board.tell(gateway, ["spec", "gatewayClassName"], code, finding.message, finding.severity);
  }
  const known = new Set<AnyManifest>();
  for (const { gateway, conditions, sections, sets } of gateways.ours) {
    board.tellBad(gateway, conditions);
    for (const section of sections) board.tellBad(gateway, section.conditions);
    for (const set of sets) {
      known.add(set.set);
      board.tellBad(set.set, set.conditions);
      for (const section of set.sections) board.tellBad(set.set, section.conditions);
    }
  }
  for (const set of catalog.of("ListenerSet")) {
    if (known.has(set)) continue;
    const { kind, name, namespace = set.metadata.namespace } = set.spec.parentRef;
    const message = whyNoParent(kind, namespace, name, translation);
    board.tell(set, ["spec", "parentRef"], "no-parent", `${message}: the ListenerSet has no effect`);
  }
  for (const state of routeStates) {
    if (translation.quiet.has(state)) continue;
    const { asked } = board;
    tellRoute(state, translation, board);
    if (board.asked === asked) translation.quiet.add(state);
  }
  for (const address of catalog.of("TCPAddress")) {
    board.tellBad(address, conditionsOfAddress(address, translation.addresses));
  }
  tellEndpoints(translation, board);
  for (const kind of ["BackendTLSPolicy", "ListenerPolicy", "BackendPolicy"] as const) {
    for (const policy of catalog.of(kind)) {
      for (const target of policy.spec.targetRefs) board.tellBad(policy, conditionsFor(policy, target, translation));
    }
  }
  return board.found.toSorted(compareDiagnostics);
}

function tellEndpoints({ endpoints, catalog }: Translation, board: Board): void {
  for (const state of endpoints.states) {
    const { endpoint, note } = state;
    // The mistakes of its document are told where they are.
    if (!hasMistakes(endpoint.object)) board.tellBad(endpoint.object, state.conditions);
    if (note !== undefined) board.tell(endpoint.object, endpoint.urlPath, note.code, note.message, "notice");
  }
  for (const [service, message] of endpoints.unreadable) {
    if (hasMistakes(service)) continue;
    board.tell(service, ["metadata", "annotations"], "bad-load-balancer", `${message}: the Service has no endpoint`);
  }
  for (const kind of ["Domain", "BoundEndpoint"] as const) {
    for (const object of catalog.of(kind)) board.tell(object, ["kind"], "not-needed", whyUnneeded(object), "notice");
  }
}

function tellRoute({ route, parents }: RouteState, translation: Translation, board: Board): void {
  for (const parent of parents) board.tellBad(route, conditionsOfParent(route, parent, translation, NOTHING_RUNS));
  // Routes for others are dropped in with those for this gateway, and nothing is wrong with them.
  if (parents.length > 0 || route.kind === "HTTPRoute" || route.kind === "GRPCRoute") return;
  const [first] = route.spec.parentRefs ?? [];
  const message =
    first === undefined
      ? `${route.kind} "${nameOf(route)}" names no parent: it has no effect`
      : `${whyNoParent(first.kind, first.namespace ?? route.metadata.namespace, first.name, translation)}: the route has no effect`;
  board.tell(route, ["spec", "parentRefs", 0], "no-parent", message);
}

/** Of a parent that is none of ours. */
function whyNoParent(kind: string, namespace: string, name: string, { catalog }: Translation): string {
  const named = `${kind} "${namespace}/${name}"`;
  if (kind !== "Gateway" && kind !== "ListenerSet") return `A parent of kind ${kind} is not supported`;
  // One with mistakes is told of where they are.
  if (catalog.find(kind, namespace, name) === undefined) return `${named} is not there, or has mistakes`;
  return `${named} does not belong to this gateway`;
}

/** Messages so far, each once at each place. */
class Board {
  readonly found: Diagnostic[] = [];
  /** How often there was something to tell, whether or not it was told before. */
  asked = 0;
  readonly #told = new Set<string>();

  tell(manifest: AnyManifest, path: ValuePath, code: string, message: string, severity: Severity = "warning"): void {
    this.asked++;
    const { file, locate } = manifest.origin;
    const place = { file, ...locate(path) };
    const key = `${file}:${place.line}:${place.column} ${message}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.found.push({ ...place, severity, code: `${manifest.kind.toLowerCase()}/${code}`, message });
  }

  /** Tells what keeps something from being as it was meant. */
  tellBad(manifest: AnyManifest, conditions: Conditions): void {
    for (const { type, status, reason, problems } of conditions.all()) {
      const isBad = status === "False" || type === "Conflicted";
      if (!isBad) continue;
      if (CONSEQUENCES.has(`${type}/${reason}`) || CONSEQUENCES.has(`${manifest.kind}/${type}/${reason}`)) continue;
      for (const problem of problems) this.tell(manifest, problem.path ?? [], kebab(problem.reason), problem.message);
    }
  }
}

function kebab(reason: string): string {
  return reason.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "-").toLowerCase();
}
