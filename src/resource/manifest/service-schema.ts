// Service as a person writes it: what of it says where its clients go.

import * as v from "valibot";

import { parseHostname } from "../../base/hostname.ts";
import { parseIp } from "../../base/ip.ts";
import type { Fail } from "../route-together.ts";
import { quote, rule } from "../rule.ts";
import { booleanRule, wordRule } from "../scalar-rule.ts";
import type { Service, ServiceSpec } from "./core.ts";
import { type KindReader, kindReader, othersDocument } from "./kind-reader.ts";
import { has, listOf, mapAt, mapsOf, openMap, type Written } from "./manifest-rule.ts";
import { isPortName, labelRule, portRule } from "./name-rules.ts";

const TYPES = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] as const;

/** A port, or a port's name in the Pods; 0 and an empty name are as good as none. */
const targetPortRule = rule((value, refuse): number | string | undefined => {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  if (typeof value === "string" && (value === "" || isPortName(value))) return value;
  const wanted = 'a port from 1 to 65535 or a name of up to 15 lower-case letters, digits and "-"';
  const hint = typeof value === "string" && /^\d{1,5}$/.test(value) ? "Write it without quotes" : undefined;
  refuse("bad-target-port", `Expected ${wanted}, found ${quote(value)}`, hint);
  return undefined;
});

const clusterIpRule = rule((value, refuse): string | undefined => {
  if (typeof value === "string" && (value === "None" || value === "" || parseIp(value) !== undefined)) return value;
  refuse("bad-cluster-ip", `Expected an IP address or None, found ${quote(value)}`);
  return undefined;
});

/** With any type but ExternalName it is not looked at. */
const externalNameRule = rule((value, refuse): string | undefined => {
  if (typeof value === "string") return value;
  refuse("bad-external-name", `Expected a host name, found ${quote(value)}`);
  return undefined;
});

/** Somebody else's, unless it is one of ours. */
const classRule = rule((value, refuse): string | undefined => {
  if (typeof value === "string") return value;
  refuse("bad-class", `Expected a name, found ${quote(value)}`);
  return undefined;
});

const port = openMap({
  name: v.exactOptional(labelRule),
  port: portRule,
  targetPort: v.exactOptional(targetPortRule),
  protocol: v.optional(wordRule("bad-protocol", ["TCP", "UDP", "SCTP"]), "TCP"),
});

const spec = openMap({
  type: v.optional(wordRule("bad-type", TYPES), "ClusterIP"),
  ports: v.optional(listOf(port), []),
  clusterIP: v.exactOptional(clusterIpRule),
  externalName: v.exactOptional(externalNameRule),
  loadBalancerClass: v.exactOptional(classRule),
  publishNotReadyAddresses: v.optional(booleanRule, false),
});

const NAMING = { label: true } as const;

export const serviceReader: KindReader<Service> = kindReader({
  ...NAMING,
  kind: "Service",
  apiVersion: "v1",
  schema: othersDocument({ spec }, NAMING),
  specOf: (document) => specOf(document.spec),
  checkTogether: (document, fail) => {
    checkPorts(mapAt(document, "spec")["ports"], fail);
    checkExternalName(mapAt(document, "spec"), fail);
  },
});

function specOf({
  type,
  ports,
  clusterIP = "",
  externalName,
  loadBalancerClass,
  ...rest
}: v.InferOutput<typeof spec>): ServiceSpec {
  return {
    type,
    ports: ports.map(({ targetPort = 0, ...written }) => ({
      ...written,
      ...(targetPort === 0 || targetPort === "" ? {} : { targetPort }),
    })),
    ...(clusterIP === "" ? {} : { clusterIP }),
    ...(externalName === undefined || type !== "ExternalName" ? {} : { externalName: trimDot(externalName) }),
    ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
    publishNotReadyAddresses: rest.publishNotReadyAddresses,
  };
}

function trimDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function checkExternalName(written: Written, fail: Fail): void {
  if (written["type"] !== "ExternalName") return;
  const { externalName } = written;
  const path = ["spec", "externalName"];
  if (!has(written, "externalName") || externalName === "") {
    const message = 'Expected "externalName" in a Service of type ExternalName';
    fail("missing-external-name", message, ["spec", "type"]);
  } else if (typeof externalName === "string" && parseHostname(externalName) === undefined) {
    const hint = parseIp(externalName) === undefined ? undefined : "Write an EndpointSlice for an address";
    fail("bad-external-name", `Expected a host name, found ${quote(externalName)}`, path, hint);
  }
}

/** Ports are chosen by number and by name. */
function checkPorts(ports: unknown, fail: Fail): void {
  const names = new Set<unknown>();
  const numbers = new Set<string>();
  const written = mapsOf(ports);
  for (const [index, entry] of written) {
    const path = ["spec", "ports", index];
    const { name } = entry;
    if (!has(entry, "name") && written.length > 1) {
      fail("missing-port-name", 'Expected "name" for each port of a Service that has several', path);
    }
    if (typeof name === "string" && names.has(name)) {
      fail("duplicate-port-name", `${quote(name)} is the name of another port`, [...path, "name"]);
    }
    names.add(name);
    const number = `${quote(entry["protocol"] ?? "TCP")} ${quote(entry["port"])}`;
    if (typeof entry["port"] === "number" && numbers.has(number)) {
      fail("duplicate-port", `${quote(entry["port"])} is another port of this Service`, [...path, "port"]);
    }
    numbers.add(number);
  }
}
