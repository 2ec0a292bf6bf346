// A traffic policy in the form in which a person writes it: what is as it is without being written is left out. Pure.

import { formatDuration } from "../base/duration.ts";
import { type Cidr, formatCidr } from "../base/ip.ts";
import type { PolicyAction, TerminateTls, TrafficPolicy } from "../resource/traffic-policy/policy.ts";
import { PHASE } from "../resource/traffic-policy/policy-use.ts";

type Written = Readonly<Record<string, unknown>>;

export function writtenPolicy({ rules }: TrafficPolicy): Written {
  const written = rules.map(({ name, expressions, actions }, index) => ({
    ...(name === `rule ${index + 1}` ? {} : { name }),
    ...unlessEmpty("expressions", expressions),
    actions: actions.map(writtenAction),
  }));
  return { [PHASE]: written };
}

/** With its length, which policies want of an address alone, too. */
export function writtenCidr(cidr: Cidr): string {
  const text = formatCidr(cidr);
  return text.includes("/") ? text : `${text}/${cidr.prefix}`;
}

function writtenAction(action: PolicyAction): Written {
  const config = configOf(action);
  return { type: action.type, ...(Object.keys(config).length === 0 ? {} : { config }) };
}

function configOf(action: PolicyAction): Written {
  switch (action.type) {
    case "deny":
    case "close-connection":
      return {};
    case "restrict-ips": {
      const { enforce, allow, deny, allowTemplates, denyTemplates, ipPolicies } = action;
      return {
        ...unlessUsual("enforce", enforce, true),
        ...unlessEmpty("allow", [...allow.map(writtenCidr), ...allowTemplates]),
        ...unlessEmpty("deny", [...deny.map(writtenCidr), ...denyTemplates]),
        ...unlessEmpty("ip_policies", ipPolicies),
      };
    }
    case "forward-internal":
      return { url: action.url, ...unlessUsual("on_error", action.onError, "halt") };
    case "log":
      return { metadata: action.metadata };
    case "set-vars":
      return { vars: action.vars.map(({ name, value }) => ({ [name]: value })) };
    case "rate-limit": {
      const { name, enforce, capacity, rateMs, bucketKeys } = action;
      const rate = formatDuration(rateMs);
      return {
        name,
        ...unlessUsual("enforce", enforce, true),
        algorithm: "sliding_window",
        capacity,
        rate,
        ...unlessEmpty("bucket_key", bucketKeys),
      };
    }
    case "terminate-tls":
      return terminationOf(action);
  }
}

function terminationOf({ minVersion, maxVersion, certificate, key, clientCas, verification }: TerminateTls): Written {
  return {
    ...unlessUsual("min_version", minVersion, "1.2"),
    ...unlessUsual("max_version", maxVersion, "1.3"),
    ...(certificate === undefined ? {} : { server_certificate: certificate }),
    ...(key === undefined ? {} : { server_private_key: key }),
    ...unlessEmpty("mutual_tls_certificate_authorities", clientCas),
    ...unlessUsual("mutual_tls_verification_strategy", verification, "require-and-verify"),
  };
}

function unlessEmpty(key: string, list: readonly unknown[]): Written {
  return list.length === 0 ? {} : { [key]: list };
}

function unlessUsual<Value>(key: string, value: Value, usual: Value): Written {
  return value === usual ? {} : { [key]: value };
}
