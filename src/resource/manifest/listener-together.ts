// What the listeners of one Gateway or ListenerSet must not say together: upstream's CEL rules, in upstream's words. Values are
// read as written, with the defaults that the schema has; one that is wrong by itself agrees with everything.

import type { ValuePath } from "../origin.ts";
import type { Fail } from "../route-together.ts";
import { isMap } from "../rule.ts";
import { has, mapsOf, type Written } from "./manifest-rule.ts";

const WITHOUT_TLS: readonly unknown[] = ["HTTP", "TCP", "UDP"];
const WITHOUT_HOSTNAME: readonly unknown[] = ["TCP", "UDP"];

/** Tells everything that is wrong with the list at `path`. */
export function checkListeners(listeners: unknown, path: ValuePath, fail: Fail): void {
  const names = new Set<unknown>();
  const places = new Set<string>();
  for (const [index, listener] of mapsOf(listeners)) {
    const at = [...path, index];
    checkTls(listener, at, fail);
    if (WITHOUT_HOSTNAME.includes(listener["protocol"]) && has(listener, "hostname") && listener["hostname"] !== "") {
      const message = "Invalid listener: hostname must not be specified for protocols ['TCP', 'UDP']";
      fail("pointless-hostname", message, [...at, "hostname"], "Write protocol: TLS to choose clients by name", "key");
    }
    const { name } = listener;
    if (typeof name === "string") {
      const message = "Listener name must be unique within the Gateway";
      if (names.has(name)) fail("duplicate-listener", message, [...at, "name"]);
      names.add(name);
    }
    const place = placeOf(listener);
    if (place === undefined) continue;
    const message = "Combination of port, protocol and hostname must be unique for each listener";
    if (places.has(place)) fail("duplicate-place", message, [...at, "port"]);
    places.add(place);
  }
}

function checkTls(listener: Written, at: ValuePath, fail: Fail): void {
  const { protocol, tls } = listener;
  if (protocol === "TLS" && !has(listener, "tls")) {
    const hint =
      'Write "tls: {certificateRefs: [{name: …}]}", or "tls: {mode: Passthrough}" to leave TLS to the backends';
    fail("missing-tls", "Invalid listener: tls mode must be set for protocol TLS", [...at, "protocol"], hint);
  }
  if (!has(listener, "tls")) return;
  if (WITHOUT_TLS.includes(protocol)) {
    const message = "Invalid listener: tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']";
    const hint = protocol === "TCP" ? "Write protocol: TLS" : undefined;
    fail("pointless-tls", message, [...at, "tls"], hint, "key");
  }
  if (!isMap(tls)) return;
  const mode = has(tls, "mode") ? tls["mode"] : "Terminate";
  if (protocol === "HTTPS" && mode === "Passthrough") {
    const message = "Invalid listener: tls mode must be Terminate for protocol HTTPS";
    fail("https-passthrough", message, [...at, "tls", "mode"]);
  }
  if (mode === "Terminate" && !isFilled(tls["certificateRefs"]) && !isFilled(tls["options"])) {
    const message = "Invalid tls: certificateRefs or options must be specified when mode is Terminate";
    fail("missing-certificate", message, [...at, "tls"], undefined, "key");
  }
}

/** Whether a list or map has anything in it; what is neither is told elsewhere. */
function isFilled(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

/** What tells listeners apart for those who connect. */
function placeOf({ port, protocol, hostname }: Written): string | undefined {
  if (typeof port !== "number" || typeof protocol !== "string") return undefined;
  if (hostname !== undefined && hostname !== null && typeof hostname !== "string") return undefined;
  return JSON.stringify([port, protocol, hostname ?? null]);
}
