// Traffic policies of endpoints: their own and those that they name, with the IPPolicies that these name; what is wrong with them lets
// nobody in and is told where it is written.

import { describe, expect, test } from "bun:test";
import { formatCidr } from "../../../src/base/ip.ts";
import type { TrafficPolicy } from "../../../src/resource/traffic-policy/policy.ts";
import {
  agent,
  cloud,
  DENY,
  forwardTo,
  inline,
  ipPolicy,
  named,
  phase,
  reached,
  readiness,
  restrictTo,
  terminateTls,
  trafficPolicy,
} from "../../support/endpoint-documents.ts";
import { conditionsOf } from "../../support/gateway-documents.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

type Spec = Readonly<Record<string, unknown>>;

const URL = "tcp://127.0.0.1:7000";
const UP = "tcp://10.0.0.1:5432";
const ROUTE = "agentendpoint/default/a";

async function agentWith(rest: Spec, others = "") {
  const translated = await translateManifests(agent("a", URL, UP, rest) + others);
  const route = translated.compiled.plan.routes.find(({ name }) => name === ROUTE);
  const status = translated.status("AgentEndpoint", "a");
  const [policyName] = "trafficPolicy" in status ? [status.trafficPolicy] : [];
  return {
    translated,
    policy: route?.policy,
    resource: translated.routes.find(({ name }) => name === ROUTE)?.policy,
    to: reached(translated, ROUTE),
    ready: readiness(status),
    said: translated.said,
    policyName,
  };
}

describe("a traffic policy", () => {
  test("may be the endpoint's own", async () => {
    const found = await agentWith(inline(DENY));
    expect(found.policy?.rules.map(({ actions }) => actions)).toEqual([[{ type: "deny" }]]);
    expect(found).toMatchObject({ policyName: "inline", ready: "True EndpointActive", said: [] });
  });

  test("may be one that it names, of its own namespace", async () => {
    const found = await agentWith(named("p"), trafficPolicy("p", phase(DENY)));
    expect(found.policy?.rules).toHaveLength(1);
    expect(found).toMatchObject({ policyName: "p", ready: "True EndpointActive", said: [] });
  });

  test("may be absent, and the status says so", async () => {
    const found = await agentWith({});
    expect(found.policy).toBeUndefined();
    expect(found.policyName).toBe("none");
    expect(conditionsOf(found.translated, "AgentEndpoint", "a")).not.toContainKey("TrafficPolicy");
  });

  test.each<[string, string]>([
    ["is not there", ""],
    ["is in another namespace", trafficPolicy("other/p", phase(DENY))],
  ])("that %s lets nobody in", async (_why, others) => {
    const found = await agentWith(named("p"), others);
    const why = 'There is no NgrokTrafficPolicy "default/p", or it has mistakes: nobody is let in';
    expect(found).toMatchObject({ to: why, ready: `False TrafficPolicyError: ${why}`, policy: undefined });
    expect(found.said).toEqual(["2: agentendpoint/traffic-policy-error"]);
    expect(conditionsOf(found.translated, "AgentEndpoint", "a")).toEqual({
      EndpointCreated: "True/EndpointCreated",
      TrafficPolicy: "False/TrafficPolicyError",
      DomainReady: "True/DomainReady",
      Ready: "False/TrafficPolicyError",
    });
  });

  test("that cannot be used at this endpoint lets nobody in, with every reason", async () => {
    const wrong = trafficPolicy("p", phase(terminateTls(), forwardTo("tls://a.internal:1")));
    const found = await agentWith(named("p"), wrong);
    expect(found.ready).toContain("(ERR_NGROK_2205)");
    expect(found.ready).toContain('Expected the URL of a tcp:// endpoint, found "tls://a.internal:1"');
    expect(found.said).toEqual(["2: agentendpoint/traffic-policy-error", "2: agentendpoint/traffic-policy-error"]);
    expect(found.to).toBeString();
  });

  test("of a CloudEndpoint has to lead somewhere", async () => {
    const open = trafficPolicy("p", phase({ type: "log", config: { metadata: { a: "b" } } }));
    const translated = await translateManifests(cloud("c", URL, named("p")) + open);
    expect(readiness(translated.status("CloudEndpoint", "c"))).toContain("(ERR_NGROK_2235)");
    expect(conditionsOf(translated, "CloudEndpoint", "c")).toMatchObject({
      CloudEndpointCreated: "True/CloudEndpointCreated",
      TrafficPolicy: "False/TrafficPolicyError",
    });
    // And one that an AgentEndpoint can have: its clients go on to the upstream.
    expect((await agentWith(named("p"), open)).ready).toBe("True EndpointActive");
  });

  test("decides although the upstream has nobody: it may send clients somewhere else", async () => {
    const rest = { ...inline(forwardTo("tcp://b.internal:1")), upstream: { url: "tcp://gone:1" } };
    const gone = '---\n{"apiVersion":"v1","kind":"Service","metadata":{"name":"gone"},"spec":{"ports":[{"port":2}]}}\n';
    const found = await agentWith(rest, gone);
    expect(found.ready).toStartWith("False UpstreamError: ");
    expect(found.policy?.rules).toHaveLength(1);
    expect(found.to).toBe('Service "default/gone" has no port 1 for TCP');
  });
});

describe("an IPPolicy", () => {
  const office = ipPolicy("office", "allow 203.0.113.0/24", "deny 203.0.113.66/32");
  const restricted = { ip_policies: ["office"], allow: ["10.0.0.0/8"], deny: ["10.6.6.6/32"] };

  test("adds its addresses to those in the policy", async () => {
    const found = await agentWith(inline(restrictTo(restricted)), office);
    expect(listsOf(found.resource)).toEqual({
      allow: ["10.0.0.0/8", "203.0.113.0/24"],
      deny: ["10.6.6.6", "203.0.113.66"],
    });
    expect(found).toMatchObject({ ready: "True EndpointActive", said: [] });
  });

  test("may be one of several, in a policy that is named", async () => {
    const both = restrictTo({ ip_policies: ["office", "home"] });
    const found = await agentWith(
      named("p"),
      trafficPolicy("p", phase(both)) + office + ipPolicy("home", "allow ::1/128"),
    );
    expect(listsOf(found.resource)).toEqual({ allow: ["203.0.113.0/24", "::1"], deny: ["203.0.113.66"] });
  });

  test("that allows nobody, beside a policy that does not either, is told to", async () => {
    const found = await agentWith(
      inline(restrictTo({ ip_policies: ["office"] })),
      ipPolicy("office", "deny 10.0.0.0/8"),
    );
    expect(found.ready).toBe(
      'False TrafficPolicyError: Nobody is let in: neither "allow" nor a rule of IPPolicy "default/office" allows an address (ERR_NGROK_393)',
    );
    expect(found.to).toBeString();
  });

  test.each([
    ["inline", inline(restrictTo(restricted)), ""],
    ["named", named("p"), trafficPolicy("p", phase(restrictTo(restricted)))],
  ])("that is not there lets nobody in: %s", async (_how, rest, others) => {
    const found = await agentWith(rest, others + ipPolicy("other/office", "allow 0.0.0.0/0"));
    const why = 'There is no IPPolicy "default/office", or it has mistakes: nobody is let in (ERR_NGROK_2216)';
    expect(found).toMatchObject({ to: why, ready: `False TrafficPolicyError: ${why}`, policy: undefined });
    expect(found.said).toEqual(["2: agentendpoint/traffic-policy-error"]);
  });
});

/** The lists of the first action, as texts. */
function listsOf(policy: TrafficPolicy | undefined) {
  const action = policy?.rules[0]?.actions[0];
  if (action?.type !== "restrict-ips") return undefined;
  return { allow: action.allow.map(formatCidr), deny: action.deny.map(formatCidr) };
}
