// From where clients can reach an endpoint, and what that wants of its URL.

import { type EndpointUrl, formatEndpointUrl } from "./endpoint-url.ts";
import { quote } from "./rule.ts";
import { urlMistake, type UrlMistake } from "./url-text.ts";

/** All of them; the first is meant where none is written and the name is not one inside. */
export const BINDINGS = ["public", "internal", "kubernetes"] as const;

/** `public`: from outside. `internal`: through `forward-internal` of a policy. `kubernetes`: as a Service of a cluster. */
export type Binding = (typeof BINDINGS)[number];

/** A label of the name of a Service or of a namespace. */
const LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** The binding that a URL has which says nothing of it. */
export function inferBinding({ internal }: EndpointUrl): Binding {
  return internal ? "internal" : "public";
}

/** Why an endpoint of this URL cannot have this binding; `undefined` when it can. */
export function bindingMistake(url: EndpointUrl, binding: Binding): UrlMistake | undefined {
  if (binding === "kubernetes") return kubernetesMistake(url);
  const written = quote(formatEndpointUrl(url));
  if (binding === "internal" && !url.internal) {
    const message = `Expected a name that ends with .internal for the binding "internal", found ${written}`;
    return { mistake: "wrong-binding", message };
  }
  if (binding === "public" && url.internal) {
    const message = `Cannot reach ${written} from outside: names that end with .internal have the binding "internal"`;
    return { mistake: "wrong-binding", message, hint: 'Write "bindings: [internal]", or leave it out' };
  }
  return undefined;
}

function kubernetesMistake(url: EndpointUrl): UrlMistake | undefined {
  const { host, wildcard } = url;
  if (host === undefined) {
    const message = 'Expected a host with the binding "kubernetes", found none';
    return urlMistake("wrong-binding", 9039, message, "Write tcp://SERVICE.NAMESPACE:PORT");
  }
  const labels = host.split(".");
  if (!wildcard && labels.length === 2 && labels.every((label) => LABEL.test(label))) return undefined;
  const found = quote(formatEndpointUrl(url));
  const message = `Expected a Service and its namespace with the binding "kubernetes", as in tcp://db.prod:5432, found ${found}`;
  return { mistake: "wrong-binding", message };
}
