// Keys that ngrok's kinds have in common: what they say of themselves, where an endpoint is, and what it refers to.

import * as v from "valibot";

import { BINDINGS, type Binding, bindingMistake, inferBinding } from "../binding.ts";
import { type EndpointUrl, parseEndpointUrl } from "../endpoint-url.ts";
import type { Fail } from "../route-together.ts";
import { isMap, quote, rule } from "../rule.ts";
import { wordRule } from "../scalar-rule.ts";
import { kindMap, listOf, textMapRule, type Written } from "./manifest-rule.ts";
import { objectNameRule } from "./name-rules.ts";

const MAX_DESCRIPTION_CHARS = 255;
/** In JSON, all of it. */
const MAX_METADATA_BYTES = 4096;

const DEFAULT_METADATA: Readonly<Record<string, string>> = { "owned-by": "ngrok-operator" };

const descriptionRule = rule((value, refuse): string | undefined => {
  if (typeof value === "string" && Array.from(value.slice(0, 1024)).length <= MAX_DESCRIPTION_CHARS) return value;
  const found = typeof value === "string" ? `${value.length} characters` : quote(value);
  const message = `Expected a description of at most ${MAX_DESCRIPTION_CHARS} characters, found ${found} (ERR_NGROK_18012)`;
  refuse("bad-description", message);
  return undefined;
});

/** A map of texts; before, such a map as a text in JSON. */
const metadataRule = v.pipe(
  rule((value, refuse): unknown => {
    if (typeof value !== "string") return value;
    const read = value.length > MAX_METADATA_BYTES ? undefined : parseJson(value);
    if (isMap(read)) return read;
    refuse("bad-metadata", `Expected a map of texts, found ${quote(value)}`, "Write the keys and texts as YAML");
    return undefined;
  }),
  textMapRule(),
  v.check(
    (texts) => bytesOf(texts) <= MAX_METADATA_BYTES,
    ({ input }) =>
      `long-metadata\nExpected at most ${MAX_METADATA_BYTES} bytes of metadata, found ${bytesOf(input)} (ERR_NGROK_18013)`,
  ),
);

function bytesOf(texts: Readonly<Record<string, string>>): number {
  return new TextEncoder().encode(JSON.stringify(texts)).length;
}

/** `description` and `metadata`, with what they are without being written. */
export function describedKeys(description: string) {
  return {
    description: v.optional(descriptionRule, description),
    metadata: v.optional(metadataRule, DEFAULT_METADATA),
  };
}

/** Says of metadata in its old form what the new one is. */
export function warnOfMetadata(spec: Written, warn: Fail): void {
  if (typeof spec["metadata"] !== "string") return;
  const message = "Metadata as a text is the old form of a map of texts";
  warn("legacy-metadata", message, ["spec", "metadata"], "Write the keys and texts as YAML");
}

/** A value as JSON has it, `undefined` when a text is none. Never throws. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where clients of an endpoint come in. */
export const endpointUrlRule = rule((value, refuse): EndpointUrl | undefined => {
  if (typeof value !== "string") {
    refuse("bad-url", `Expected a URL such as tcp://db.example.com:5432, found ${quote(value)} (ERR_NGROK_9034)`);
    return undefined;
  }
  const url = parseEndpointUrl(value);
  if (!("mistake" in url)) return url;
  refuse(url.mistake, url.message, url.hint);
  return undefined;
});

/** At most one, as there is no more than one yet. */
export const bindingsRule = listOf(wordRule("bad-binding", BINDINGS), { max: 1 });

/** The binding of an endpoint. */
export function bindingOf(url: EndpointUrl, [written]: readonly Binding[]): Binding {
  return written ?? inferBinding(url);
}

/** Tells of a binding that does not go with the url. */
export function checkBinding({ url, bindings }: Written, fail: Fail): void {
  const read = v.safeParse(v.tuple([endpointUrlRule, bindingsRule]), [url, bindings]);
  const [binding] = read.success ? read.output[1] : [];
  if (!read.success || binding === undefined) return;
  const found = bindingMistake(read.output[0], binding);
  if (found !== undefined) fail(found.mistake, found.message, ["spec", "bindings", 0], found.hint);
}

/** An object of the same namespace. */
export const nameReference = kindMap({ name: objectNameRule });

/** What a url says of the protocol, as far as a policy is concerned; absent when it cannot be known. */
export function protocolOf(spec: unknown): { readonly protocol?: "tcp" | "tls" } {
  const url = isMap(spec) ? spec["url"] : undefined;
  if (typeof url !== "string") return {};
  if (url.startsWith("tcp://")) return { protocol: "tcp" };
  return url.startsWith("tls://") ? { protocol: "tls" } : {};
}
