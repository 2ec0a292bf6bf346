// The action `forward-internal`: clients go to an internal endpoint, which has a policy of its own.

import { parseEndpointUrl } from "../endpoint-url.ts";
import { quote } from "../rule.ts";
import { wordRule } from "../scalar-rule.ts";
import { isTemplate, readTemplate } from "./expression-reader.ts";
import type { ForwardInternal } from "./policy.ts";
import { BAD_CONFIG, BAD_VALUE, type PolicyReading, readBy, readKeys } from "./policy-reading.ts";

const NOT_A_URL = 2226;
const INTERNAL_HTTP = 2262;

const onErrorRule = wordRule("bad-on-error", ["halt", "continue"]);

export function readForwardInternal(config: unknown, reading: PolicyReading): ForwardInternal | undefined {
  const keys = readKeys(config ?? {}, ["url", "on_error"], BAD_CONFIG, reading);
  if (keys === undefined) return undefined;
  const onError = readBy(onErrorRule, keys.get("on_error") ?? "halt", BAD_VALUE, reading.at("on_error"));
  const url = keys.has("url")
    ? readUrl(keys.get("url"), reading.at("url"))
    : reading.refuse("missing-key", BAD_CONFIG, 'Missing key "url": the internal endpoint that clients go to');
  return url === undefined || onError === undefined ? undefined : { type: "forward-internal", url, onError };
}

function readUrl(value: unknown, reading: PolicyReading): string | undefined {
  if (typeof value !== "string") {
    const message = `Expected the URL of an internal endpoint such as tcp://db.internal:5432, found ${quote(value)}`;
    return reading.refuse("bad-url", NOT_A_URL, message);
  }
  if (/^https?:\/\//i.test(value)) {
    const message = `Cannot forward to ${quote(value)}: an endpoint of HTTP has no phase "on_tcp_connect"`;
    const hint = "Write the tcp:// or tls:// URL of an internal endpoint";
    return reading.refuse("internal-http", INTERNAL_HTTP, message, { hint });
  }
  if (isTemplate(value)) return readTemplate(value, reading);
  const url = parseEndpointUrl(value);
  if ("mistake" in url) {
    // Of the two numbers ngrok's own here is the one of the action.
    const message = url.message.replace(/ \(ERR_NGROK_\d+\)$/, "");
    return reading.refuse("bad-url", NOT_A_URL, message, { hint: url.hint });
  }
  if (!url.internal) {
    const message = `Expected the URL of an internal endpoint, whose name ends with .internal, found ${quote(value)}`;
    return reading.refuse("not-internal", BAD_VALUE, message);
  }
  if (!url.wildcard) return value;
  return reading.refuse(
    "not-internal",
    BAD_VALUE,
    `Expected one internal endpoint, found the wildcard ${quote(value)}`,
  );
}
