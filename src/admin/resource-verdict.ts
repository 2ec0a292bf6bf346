// What a standard status comes to, for people: one word for the resource, or one for each of its parents. Reads it without
// trusting its shape: the command line asks gateways of other versions.

import { formatHostPort } from "../base/address.ts";

/** How it stands with a resource, or with one of its parents. */
export interface Verdict {
  /** `front`, `infra/front[tcp]`; of a Gateway, a TCPAddress or an endpoint its addresses; empty when it is about the resource itself. */
  readonly about: string;
  /** `Programmed`, `Accepted`; or why not: `False: BackendNotFound`, `Conflicted: HostnameConflict`, `Not attached`. */
  readonly state: string;
  readonly good: boolean;
  /** Of the condition that is wrong; empty when none is. */
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Have to be true where they are said, the most telling first. */
const WANTED = ["Accepted", "Programmed", "Ready", "ResolvedRefs", "sallyport.dev/Serving"] as const;
/** Must not be true. */
const UNWANTED = ["Conflicted", "PartiallyInvalid"] as const;
/** What is said when all is well, the best first. */
const SUCCESSES = ["Programmed", "Ready", "Accepted"] as const;

const NOT_ATTACHED: Verdict = {
  about: "",
  state: "Not attached",
  good: false,
  message: "Nothing that it refers to is here",
};

/** In the order of the status; none for what has no status. */
export function verdictsOf(status: unknown): readonly Verdict[] {
  if (!isFields(status)) return [];
  const attached = [...fieldsIn(status, "parents"), ...fieldsIn(status, "ancestors")];
  if (attached.length > 0) return attached.map((each) => verdictOf(nameOfParent(each), each));
  if (Array.isArray(status["parents"]) || Array.isArray(status["ancestors"])) return [NOT_ATTACHED];
  const own = verdictOf(addressesIn(status), status);
  if (!own.good) return [own];
  for (const listener of fieldsIn(status, "listeners")) {
    const verdict = verdictOf(own.about, listener);
    if (verdict.good) continue;
    return [{ ...verdict, message: `Listener "${textIn(listener, "name")}": ${verdict.message}` }];
  }
  return [own];
}

/** Whether a resource with this status works as it is written. */
export function isWell(status: unknown): boolean {
  return verdictsOf(status).every(({ good }) => good);
}

function verdictOf(about: string, { conditions }: Fields): Verdict {
  const found = Array.isArray(conditions) ? conditions.filter(isFields) : [];
  const named = (type: string): Fields | undefined => found.find((each) => each["type"] === type);
  for (const type of WANTED) {
    const condition = named(type);
    if (condition === undefined || condition["status"] === "True") continue;
    const state = `${textIn(condition, "status")}: ${textIn(condition, "reason")}`;
    return { about, state, good: false, message: textIn(condition, "message") };
  }
  for (const type of UNWANTED) {
    const condition = named(type);
    if (condition?.["status"] !== "True") continue;
    const state = `${type}: ${textIn(condition, "reason")}`;
    return { about, state, good: false, message: textIn(condition, "message") };
  }
  const success = SUCCESSES.find((type) => named(type) !== undefined);
  return { about, state: success ?? "Unknown", good: success !== undefined, message: "" };
}

function addressesIn(status: Fields): string {
  const own = textIn(status, "addr") || textIn(status, "assignedURL") || ingressIn(status);
  if (own !== "") return own;
  return fieldsIn(status, "addresses")
    .map((address) => textIn(address, "value"))
    .join(",");
}

/** Of a Service of type LoadBalancer. */
function ingressIn({ loadBalancer }: Fields): string {
  const ingress = isFields(loadBalancer) ? fieldsIn(loadBalancer, "ingress") : [];
  return ingress
    .flatMap((each) => {
      const host = textIn(each, "hostname") || textIn(each, "ip");
      return fieldsIn(each, "ports").map((port) => formatHostPort(host, textIn(port, "port")));
    })
    .join(",");
}

function nameOfParent(entry: Fields): string {
  const reference = entry["parentRef"] ?? entry["ancestorRef"];
  if (!isFields(reference)) return "";
  const parts = [textIn(reference, "sectionName"), textIn(reference, "port")].filter((part) => part !== "");
  const namespace = textIn(reference, "namespace");
  const name = `${namespace === "" ? "" : `${namespace}/`}${textIn(reference, "name")}`;
  return parts.length === 0 ? name : `${name}[${parts.join(",")}]`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldsIn(fields: Fields, key: string): readonly Fields[] {
  const value = fields[key];
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function textIn(fields: Fields, key: string): string {
  const value = fields[key];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
