// BoundEndpoint as a person, or more often ngrok's operator, writes it: an endpoint that is a Service of a cluster.

import * as v from "valibot";

import { wordRule } from "../scalar-rule.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { kindMap, textMapRule, textRule } from "./manifest-rule.ts";
import { labelRule, namespaceRule, portRule } from "./name-rules.ts";
import type { BoundEndpoint, BoundEndpointSpec } from "./ngrok.ts";

const endpointUrlRule = textRule(
  "bad-endpoint-url",
  "a URL of a Service and its namespace such as tcp://db.prod:5432",
  {
    max: 1024,
    pattern: /^(?:(?:tcp|http|https|tls)?:\/\/)?[a-z][a-zA-Z0-9-]{0,62}\.[a-z][a-zA-Z0-9-]{0,62}(?::\d+)?$/,
  },
);

const spec: v.GenericSchema<unknown, BoundEndpointSpec> = kindMap({
  endpointURL: endpointUrlRule,
  scheme: v.optional(wordRule("bad-scheme", ["tcp", "http", "https", "tls"]), "https"),
  port: portRule,
  target: kindMap({
    service: labelRule,
    namespace: namespaceRule,
    protocol: v.optional(wordRule("bad-protocol", ["TCP"]), "TCP"),
    port: portRule,
    metadata: v.optional(
      kindMap({ labels: v.exactOptional(textMapRule()), annotations: v.exactOptional(textMapRule()) }),
      {},
    ),
  }),
});

export const boundEndpointReader: KindReader<BoundEndpoint> = kindReader({
  kind: "BoundEndpoint",
  apiVersion: "bindings.k8s.ngrok.com/v1alpha1",
  schema: standardDocument(spec),
  specOf: (document) => document.spec,
});
