// What ngrok's kinds say, in the form in which a person writes it: it was read into values that are quick to use, and whoever looks at an
// object wants to see what could stand in a file. Private keys are still in it. Pure.

import { formatHostPort } from "../base/address.ts";
import { formatHostnamePattern } from "../base/hostname.ts";
import { formatEndpointUrl } from "../resource/endpoint-url.ts";
import type {
  AgentEndpointSpec,
  CloudEndpointSpec,
  NgrokManifest,
  PolicyAttachment,
} from "../resource/manifest/ngrok.ts";
import { writtenCidr, writtenPolicy } from "./written-policy.ts";

type Written = Readonly<Record<string, unknown>>;

/** The `spec` of an object. Of one whose document has mistakes only what is known. */
export function writtenSpec(manifest: NgrokManifest): Written {
  switch (manifest.kind) {
    case "AgentEndpoint":
      return writtenAgent(manifest.spec);
    case "CloudEndpoint":
      return writtenCloud(manifest.spec);
    case "NgrokTrafficPolicy":
      return { policy: writtenPolicy(manifest.spec.policy) };
    case "IPPolicy": {
      const { rules, ...rest } = manifest.spec;
      return { ...rest, rules: rules.map(({ cidr, ...rule }) => ({ cidr: writtenCidr(cidr), ...rule })) };
    }
    case "Domain":
      return { ...manifest.spec, domain: formatHostnamePattern(manifest.spec.domain) };
    case "BoundEndpoint":
      return { ...manifest.spec };
  }
}

function writtenAgent(spec: AgentEndpointSpec): Written {
  const { url, binding, upstream, trafficPolicy, clientCertificateRefs, hasMistakes, ...rest } = spec;
  const place = { url: formatEndpointUrl(url), bindings: [binding] };
  if (hasMistakes === true) return place;
  const { scheme, host, port } = upstream.url;
  return {
    ...place,
    upstream: { ...upstream, url: `${scheme}://${formatHostPort(host, port)}` },
    ...(trafficPolicy === undefined ? {} : { trafficPolicy: writtenAttachment(trafficPolicy) }),
    ...(clientCertificateRefs.length === 0 ? {} : { clientCertificateRefs }),
    ...rest,
  };
}

function writtenCloud({ url, binding, trafficPolicy, hasMistakes, ...rest }: CloudEndpointSpec): Written {
  const place = { url: formatEndpointUrl(url), bindings: [binding] };
  return hasMistakes === true ? place : { ...place, trafficPolicy: writtenAttachment(trafficPolicy), ...rest };
}

function writtenAttachment(attachment: PolicyAttachment): Written {
  return "inline" in attachment ? { inline: writtenPolicy(attachment.inline) } : attachment;
}
