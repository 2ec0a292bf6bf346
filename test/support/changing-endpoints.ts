// ngrok's endpoints and what they refer to, at random, for `changing-manifests.ts`: at a few URLs, which several want, on ports that others
// want too.

import {
  agent,
  cloud,
  DENY,
  forwardTo,
  inline,
  ipPolicy,
  named,
  phase,
  restrictTo,
  trafficPolicy,
} from "./endpoint-documents.ts";
import { manifest, type Meta } from "./gateway-documents.ts";
import type { Random } from "./random.ts";

const URLS = [
  "tcp://127.0.0.1:1000",
  "tcp://127.0.0.1:1001",
  "tcp://localhost:1002",
  "tls://a.example.com:1003",
  "tls://*.example.com:1003",
  "tls://b.example.org:1004",
  "tcp://a.internal:1",
  "tls://a.internal:1",
  "tcp://gone.example.com:1",
] as const;
const UPSTREAMS = ["tcp://s0:5432", "tls://s1:5432", "tcp://s0.other:5432", "tcp://10.0.0.9:1", "tcp://s1:80"] as const;

/** A document and the file that it is in; `mayBreak`: it may have mistakes. */
export function anyEndpoint(random: Random, meta: Meta, mayBreak: boolean): readonly [file: string, text: string] {
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item => items[random.below(items.length)] ?? items[0];
  const number = random.below(3);
  const url = pick(URLS);
  const policy = anyPolicy(random);
  const attached = pick([{}, named(`t${number}`), inline(policy)]);
  switch (random.below(7)) {
    case 0:
      return [
        `IPPolicy-${number}`,
        ipPolicy(`ip${number}`, pick(["allow 10.0.0.0/8", "deny 10.6.6.6/32", "allow ::/0"])),
      ];
    case 1:
      return [`NgrokTrafficPolicy-${number}`, trafficPolicy(`t${number}`, phase(policy))];
    case 2: {
      const rest = random.chance(2) ? named(`t${number}`) : inline(policy);
      return [`CloudEndpoint-${number}`, cloud(`c${number}`, url, { poolingEnabled: random.chance(2), ...rest }, meta)];
    }
    case 3: {
      const spec = { type: "LoadBalancer", loadBalancerClass: "ngrok", ports: [{ port: 5432 }] };
      const text = manifest("v1", "Service", `lb${number}`, { spec }, meta);
      const annotations = { "ngrok.com/url": url, "ngrok.com/pooling-enabled": pick(["true", "false", "maybe"]) };
      return [
        `Service-lb${number}`,
        text.replace('"metadata":{', `"metadata":{"annotations":${JSON.stringify(annotations)},`),
      ];
    }
    default: {
      const ends = { tlsTermination: { serverCertificateRef: { name: pick(["cert0", "cert1", "gone"]) } } };
      const rest = url.startsWith("tls://") && random.chance(2) ? { ...attached, ...ends } : attached;
      const upstream = mayBreak && random.chance(6) ? "nowhere" : pick(UPSTREAMS);
      return [`AgentEndpoint-${number}`, agent(`a${number}`, url, upstream, rest, meta)];
    }
  }
}

function anyPolicy(random: Random) {
  const all = [DENY, restrictTo({ ip_policies: [`ip${random.below(3)}`] }), forwardTo("tcp://a.internal:1")] as const;
  return all[random.below(all.length)] ?? DENY;
}
