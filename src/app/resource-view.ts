// One object as the admin port and the status directory show it. Nothing secret leaves: bytes are told by their length, and
// private keys in texts are cut out, whatever kind they are in. Pure.

import type { ResourceObject } from "../admin/resource-object.ts";
import { withoutPrivateKeys } from "../base/conceal.ts";
import { type Cidr, formatCidr } from "../base/ip.ts";
import type { ObjectRecord } from "../plan/gateway/record.ts";
import type { AnyManifest } from "../resource/manifest/kinds.ts";
import { writtenSpec } from "./written-ngrok.ts";

/** Where the object is written, as `file:line`. */
export const SOURCE_ANNOTATION = "sallyport.dev/source";
/** What kubectl leaves behind: the whole object once more. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** `status`: the standard's, `undefined` for kinds that have none. */
export function toResourceObject(manifest: AnyManifest, record: ObjectRecord, status: unknown): ResourceObject {
  const { apiVersion, kind, metadata, origin } = manifest;
  const { name, namespace, labels, annotations: written } = metadata;
  const { [LAST_APPLIED]: _dropped, ...annotations } = written;
  const source = `${origin.file}:${origin.locate([]).line}`;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === "" ? {} : { namespace }),
      generation: record.generation,
      creationTimestamp: record.creationTimestamp,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      // Tools that deploy leave a Secret's content in its annotations, each under a name of its own.
      annotations: { ...(kind === "Secret" ? {} : plainTexts(annotations)), [SOURCE_ANNOTATION]: source },
    },
    ...contentOf(manifest),
    ...(status === undefined ? {} : { status }),
  };
}

/** What the object says, where its kind says it. */
function contentOf(manifest: AnyManifest): Partial<ResourceObject> {
  switch (manifest.kind) {
    case "Namespace":
      return {};
    case "Secret":
      return { type: manifest.spec.type, data: plain(manifest.spec.data) };
    case "ConfigMap":
      return { data: plain(manifest.spec.data) };
    case "EndpointSlice": {
      const { addressType, endpoints, ports } = manifest.spec;
      return { addressType, endpoints: plain(endpoints), ports: plain(ports) };
    }
    case "Endpoints":
      return { subsets: plain(manifest.spec.subsets) };
    case "AgentEndpoint":
    case "CloudEndpoint":
    case "NgrokTrafficPolicy":
    case "IPPolicy":
    case "Domain":
    case "BoundEndpoint":
      return { spec: plain(writtenSpec(manifest)) };
    default:
      return { spec: plain(manifest.spec) };
  }
}

/** Data that JSON and YAML have a form for. */
function plain(value: unknown): unknown {
  if (typeof value === "string") return withoutPrivateKeys(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  // A health check may send a password.
  if (ArrayBuffer.isView(value)) return `<hidden: ${value.byteLength} bytes>`;
  if (isCidr(value)) return formatCidr(value);
  const entries: readonly (readonly [unknown, unknown])[] = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.filter(([, each]) => each !== undefined).map(([key, each]) => [String(key), plain(each)]),
  );
}

function plainTexts(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, withoutPrivateKeys(text)]));
}

function isCidr(value: object): value is Cidr {
  if (!("ip" in value) || !("prefix" in value) || typeof value.prefix !== "number") return false;
  return typeof value.ip === "number" || value.ip instanceof Uint32Array;
}
