// Secret, ConfigMap and Namespace as a person writes them. No message about a Secret may show a value of it: here nothing is
// quoted, and `decode-manifest.ts` takes out what shared rules quote.

import * as v from "valibot";

import { decodeBase64 } from "../../wire/pem.ts";
import { isMap, rule } from "../rule.ts";
import type { ConfigMap, Namespace, Secret } from "./core.ts";
import { type KindReader, kindReader, othersDocument } from "./kind-reader.ts";
import { textMapRule } from "./manifest-rule.ts";

const TEXT = new TextEncoder();
/** This many wrong values are told. */
const MAX_WRONG = 100;

/** `of`: what its keys have; `mistake`: code, message and hint about one that `read` cannot read. */
function bytesRule(
  of: string,
  read: (text: unknown) => Uint8Array | undefined,
  mistake: readonly [code: string, message: string, hint: string],
) {
  return rule((value, refuse): ReadonlyMap<string, Uint8Array> | undefined => {
    if (!isMap(value)) {
      refuse("wrong-type", `Expected a map of keys, each with ${of}`);
      return undefined;
    }
    const data = new Map<string, Uint8Array>();
    let wrong = 0;
    for (const [key, text] of Object.entries(value)) {
      const bytes = text === null ? new Uint8Array(0) : read(text);
      if (bytes !== undefined) data.set(key, bytes);
      else if (++wrong <= MAX_WRONG) refuse(...mistake, [key]);
    }
    return data;
  });
}

const dataRule = bytesRule("base64", bytesOfBase64, [
  "not-base64",
  "Expected base64",
  'Write it as it is under "stringData", or encode it',
]);
const stringDataRule = bytesRule("a text", (text) => (typeof text === "string" ? TEXT.encode(text) : undefined), [
  "wrong-type",
  "Expected a text",
  "Write it in quotes",
]);

/** Breaks of lines are no part of it. */
function bytesOfBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== "string") return undefined;
  const plain = text.replaceAll(/[\r\n]/g, "");
  return plain === "" ? new Uint8Array(0) : decodeBase64(plain);
}

const typeRule = rule((value, refuse): string | undefined => {
  if (typeof value === "string") return value === "" ? "Opaque" : value;
  refuse("wrong-type", "Expected a type such as kubernetes.io/tls");
  return undefined;
});

export const secretReader: KindReader<Secret> = kindReader({
  kind: "Secret",
  apiVersion: "v1",
  schema: othersDocument({
    type: v.optional(typeRule, "Opaque"),
    data: v.exactOptional(dataRule),
    stringData: v.exactOptional(stringDataRule),
  }),
  specOf: ({ type, data = [], stringData = [] }) => ({ type, data: new Map([...data, ...stringData]) }),
});

export const configMapReader: KindReader<ConfigMap> = kindReader({
  kind: "ConfigMap",
  apiVersion: "v1",
  schema: othersDocument({ data: v.optional(textMapRule(), {}) }),
  specOf: ({ data }) => ({ data }),
});

const NAMESPACE = { clusterScoped: true, label: true } as const;

export const namespaceReader: KindReader<Namespace> = kindReader({
  ...NAMESPACE,
  kind: "Namespace",
  apiVersion: "v1",
  schema: othersDocument({}, NAMESPACE),
  specOf: () => ({}),
});
