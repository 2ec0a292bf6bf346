// TCPAddress as a person writes it.

import * as v from "valibot";

import { quote, rule } from "../rule.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { kindMap, textRule } from "./manifest-rule.ts";
import { portRule, preciseHostnameRule } from "./name-rules.ts";
import { misplacedIn } from "./own-policy.ts";
import {
  isMetadata,
  MAX_DESCRIPTION_CHARS,
  MAX_METADATA_BYTES,
  type TcpAddress,
  type TcpAddressSpec,
} from "./tcp-address.ts";

const metadataRule = rule((value, refuse): string | undefined => {
  if (typeof value === "string" && isMetadata(value)) return value;
  const wanted = `a text of at most ${MAX_METADATA_BYTES} bytes`;
  const found = typeof value === "string" ? "a longer one" : quote(value);
  refuse("bad-metadata", `Expected ${wanted}, found ${found}`);
  return undefined;
});

const spec: v.GenericSchema<unknown, TcpAddressSpec> = kindMap({
  host: v.exactOptional(preciseHostnameRule),
  port: v.exactOptional(portRule),
  description: v.exactOptional(
    textRule("bad-description", `a text of at most ${MAX_DESCRIPTION_CHARS} characters`, {
      min: 0,
      max: MAX_DESCRIPTION_CHARS,
    }),
  ),
  metadata: v.exactOptional(metadataRule),
});

export const tcpAddressReader: KindReader<TcpAddress> = kindReader({
  kind: "TCPAddress",
  apiVersion: "sallyport.dev/v1alpha1",
  schema: standardDocument(v.optional(spec, {})),
  specOf: (document) => document.spec,
  strangers: misplacedIn([
    ["addr", 'Write "host" and "port"'],
    ["address", 'Write "host" and "port"'],
    ["region", 'Write "host", a name that the gateway was given by --tcp-host'],
  ]),
});
