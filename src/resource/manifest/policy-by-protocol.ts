// The schema of a `spec` with a traffic policy in it: which policies are good depends on the url that stands beside it.

import * as v from "valibot";

import type { PolicyUse } from "../traffic-policy/policy-reading.ts";
import { protocolOf } from "./ngrok-keys.ts";

/** A schema that is the one for the protocol of the url. */
export function byProtocol<Spec>(
  schemaFor: (use: PolicyUse) => v.GenericSchema<unknown, Spec>,
): v.GenericSchema<unknown, Spec> {
  const tcp = schemaFor({ protocol: "tcp" });
  const tls = schemaFor({ protocol: "tls" });
  // What is wrong with the url is told by itself.
  const either = schemaFor({});
  return v.lazy((spec) => {
    const { protocol } = protocolOf(spec);
    return protocol === "tcp" ? tcp : protocol === "tls" ? tls : either;
  });
}
