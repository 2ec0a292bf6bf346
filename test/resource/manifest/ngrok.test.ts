// ngrok's kinds: what they mean, what is said about a mistake, and the forms that they had before. « is where something is said.

import { describe, expect, test } from "bun:test";

import { formatCidr } from "../../../src/base/ip.ts";
import type { TrafficPolicy } from "../../../src/resource/traffic-policy/policy.ts";
import { documentOf } from "../../support/written-document.ts";
import {
  expectWarned,
  expectWrong,
  identifyNgrok,
  ngrok,
  readDocument,
  readNgrok,
  specOf,
} from "../../support/written-ngrok.ts";
import { decodeText, written } from "../../support/written-manifest.ts";
import { Random } from "../../support/random.ts";

const DESCRIBED = { description: "Created by the ngrok-operator", metadata: { "owned-by": "ngrok-operator" } };
const OTHERWISE = { ...DESCRIBED, description: "Created by ngrok-operator" };
const DENY = "{on_tcp_connect: [{actions: [{type: deny}]}]}";
const DENIED: TrafficPolicy = { rules: [{ name: "rule 1", expressions: [], actions: [{ type: "deny" }] }] };
const PUBLIC = { internal: false, wildcard: false };

type Wrong = readonly [name: string, spec: string, code: string];

/** An AgentEndpoint with these lines besides what it must have. */
function agent(more: string): string {
  const url = /^.?url:/m.test(more) ? "" : "url: tcp://a:1\n";
  const upstream = /^.?upstream:/m.test(more) ? "" : "upstream: {url: tcp://b:2}\n";
  return ngrok("AgentEndpoint", `${url}${upstream}${more}`);
}

/** A CloudEndpoint with these lines besides what it must have. */
function cloud(more: string): string {
  const url = /^.?url:/m.test(more) ? "" : "url: tcp://a:1\n";
  const policy = /rafficPolicy/.test(more) ? "" : `trafficPolicy: {inline: ${DENY}}\n`;
  return ngrok("CloudEndpoint", `${url}${policy}${more}`);
}

function repeat(count: number, item: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => item(index)).join(", ");
}

describe("an AgentEndpoint", () => {
  test("has every default", async () => {
    expect(await specOf("AgentEndpoint", "url: tcp://\nupstream: {url: tcp://127.0.0.1:22}")).toEqual({
      url: { scheme: "tcp", ...PUBLIC },
      binding: "public",
      upstream: { url: { scheme: "tcp", host: "127.0.0.1", port: 22 } },
      ...DESCRIBED,
      clientCertificateRefs: [],
    });
  });

  test("says where clients come in, where they go and what is between", async () => {
    const spec = `url: tls://db.internal
bindings: [internal]
description: db
metadata: {team: data, tier: "1"}
upstream: {url: tls://db.prod:5432, proxyProtocolVersion: "2"}
clientCertificateRefs: [{name: client}]
trafficPolicy: {inline: {on_tcp_connect: [{actions: [{type: terminate-tls}]}]}}
tlsTermination: {serverCertificateRef: {name: db}, mutualTLS: {clientCAsRef: {name: ca}}}`;
    expect(await specOf("AgentEndpoint", spec)).toMatchObject({
      url: { scheme: "tls", host: "db.internal", port: 443, internal: true, wildcard: false },
      binding: "internal",
      description: "db",
      metadata: { team: "data", tier: "1" },
      upstream: { url: { scheme: "tls", host: "db.prod", port: 5432 }, proxyProtocolVersion: "2" },
      clientCertificateRefs: [{ name: "client" }],
      trafficPolicy: { inline: { rules: [{ actions: [{ type: "terminate-tls" }] }] } },
      tlsTermination: {
        serverCertificateRef: { name: "db" },
        mutualTLS: { clientCAsRef: { name: "ca" }, mode: "require" },
      },
    });
  });

  test("may name its policy, and a cluster in which it is a Service", async () => {
    const spec =
      "url: tcp://db.prod:5432\nbindings: [kubernetes]\nupstream: {url: tcp://b:1}\ntrafficPolicy: {targetRef: {name: a}}";
    expect(await specOf("AgentEndpoint", spec)).toMatchObject({
      binding: "kubernetes",
      trafficPolicy: { targetRef: { name: "a" } },
    });
  });

  test("is read with nulls in place of what is left out", async () => {
    const { diagnostics } = await readNgrok(
      "AgentEndpoint",
      agent("description: null\nbindings: null\nclientCertificateRefs: null\nmetadata: null"),
    );
    expect(diagnostics).toEqual([]);
  });

  test.each(["trafficPolicy: null", "tlsTermination: null"])(
    "is refused with %s, which a template may have lost",
    async (text) => {
      const { diagnostics } = await decodeText(agent(text));
      expect(diagnostics.map(({ code }) => code)).toContain("agentendpoint/null");
    },
  );

  test("may have a description of 255 characters, and metadata of 4096 bytes", async () => {
    const metadata = `metadata: {a: ${"x".repeat(4096 - '{"a":""}'.length)}}`;
    await readNgrok("AgentEndpoint", agent(`description: ${"é".repeat(255)}\n${metadata}`));
  });

  test.each<Wrong>([
    [
      "no spec",
      agent("")
        .replace(/spec:[^]*/, "")
        .replace("apiV", "«apiV"),
      "agentendpoint/missing-key",
    ],
    [
      "no url",
      ngrok("AgentEndpoint", "upstream: {url: tcp://b:1}").replace("spec:", "«spec:"),
      "agentendpoint/missing-key",
    ],
    ["no upstream", ngrok("AgentEndpoint", "url: tcp://a:1").replace("spec:", "«spec:"), "agentendpoint/missing-key"],
    ["an upstream without a url", agent("«upstream: {}"), "agentendpoint/missing-key"],
    ["a url of HTTP", agent("url: «https://a"), "agentendpoint/url-scheme"],
    ["a url without a port", agent("url: «tcp://a"), "agentendpoint/missing-port"],
    ["a number as url", agent("url: «8080"), "agentendpoint/bad-url"],
    ["an upstream of HTTP", agent("upstream: {url: «8080}"), "agentendpoint/url-scheme"],
    ["an upstream that is a map", agent("upstream: {url: «{}}"), "agentendpoint/bad-url"],
    [
      "a number as version of the PROXY header",
      agent("upstream: {url: tcp://b:1, proxyProtocolVersion: «2}"),
      "agentendpoint/bad-proxy-version",
    ],
    [
      "another protocol of the upstream",
      agent("upstream: {url: tcp://b:1, protocol: «http3}"),
      "agentendpoint/bad-protocol",
    ],
    ["a misspelt policy", agent(`«trafficPolcy: {inline: ${DENY}}`), "agentendpoint/unknown-key"],
    ["no policy where one is written", agent("«trafficPolicy: {}"), "agentendpoint/one-policy"],
    ["two policies", agent(`«trafficPolicy: {inline: ${DENY}, targetRef: {name: a}}`), "agentendpoint/one-policy"],
    ["a policy without a name", agent("trafficPolicy: {targetRef: {name: «''}}"), "agentendpoint/bad-name"],
    ["a policy of HTTP", agent("trafficPolicy: {inline: {«on_http_request: []}}"), "policy/wrong-phase"],
    [
      "a policy that ends TLS of tcp://",
      agent("trafficPolicy: {inline: {on_tcp_connect: [{actions: [{type: «terminate-tls}]}]}}"),
      "policy/wrong-protocol",
    ],
    ["a description of 256 characters", agent(`description: «${"x".repeat(256)}`), "agentendpoint/bad-description"],
    ["a number as description", agent("description: «1"), "agentendpoint/bad-description"],
    [
      "metadata of 4097 bytes",
      agent(`metadata: «{a: ${"x".repeat(4097 - '{"a":""}'.length)}}`),
      "agentendpoint/long-metadata",
    ],
    ["metadata with a number", agent("metadata: {a: «1}"), "agentendpoint/wrong-type"],
    ["metadata that is a text", agent("metadata: «owned"), "agentendpoint/bad-metadata"],
    ["two bindings", agent("bindings: «[public, internal]"), "agentendpoint/long-list"],
    ["another binding", agent("bindings: [«private]"), "agentendpoint/bad-binding"],
    ["a binding that does not fit its url", agent("bindings: [«internal]"), "agentendpoint/wrong-binding"],
    ["a certificate without a name", agent("clientCertificateRefs: [«{}]"), "agentendpoint/missing-key"],
    [
      "TLS that ends at tcp://",
      agent("«tlsTermination: {serverCertificateRef: {name: a}}"),
      "agentendpoint/plain-termination",
    ],
    ["TLS without a certificate", agent("url: tls://a\n«tlsTermination: {}"), "agentendpoint/missing-key"],
    [
      "clients of TLS without authorities",
      agent("url: tls://a\ntlsTermination: {serverCertificateRef: {name: a}, «mutualTLS: {}}"),
      "agentendpoint/missing-key",
    ],
    [
      "another mode",
      agent(
        "url: tls://a\ntlsTermination: {serverCertificateRef: {name: a}, mutualTLS: {clientCAsRef: {name: b}, mode: «any}}",
      ),
      "agentendpoint/bad-mode",
    ],
  ])("is not one with %s", async (_, text, code) => {
    await expectWrong(text, code);
  });

  test("warns of what is old, and of what has no effect", async () => {
    const text = agent(`metadata: «'{"a":"b"}'
trafficPolicy: {inline: {«inbound: []}}
upstream: {url: tcp://b:1, «protocol: http1}
«clientCertificateRefs: [{name: a}]`);
    const codes = [
      "agentendpoint/legacy-metadata",
      "policy/legacy-phase",
      "agentendpoint/http-key",
      "agentendpoint/idle-certificates",
    ];
    expect((await expectWarned("AgentEndpoint", text, ...codes)).spec.metadata).toEqual({ a: "b" });
  });

  test("is warned of certificates behind the first one", async () => {
    const text = written(
      "ngrok.k8s.ngrok.com/v1alpha1",
      "AgentEndpoint",
      "url: tcp://a:1\nupstream: {url: tls://b:1}\nclientCertificateRefs: [{name: a}, «{name: b}]",
    );
    await expectWarned("AgentEndpoint", text, "agentendpoint/more-certificates");
  });
});

describe("a CloudEndpoint", () => {
  test("has a policy, and every default", async () => {
    expect(await specOf("CloudEndpoint", `url: tcp://a:1\ntrafficPolicy: {inline: ${DENY}}`)).toEqual({
      url: { scheme: "tcp", host: "a", port: 1, ...PUBLIC },
      binding: "public",
      poolingEnabled: false,
      ...DESCRIBED,
      trafficPolicy: { inline: DENIED },
    });
  });

  test("may name its policy", async () => {
    const spec = "url: tls://a.internal\npoolingEnabled: true\ntrafficPolicy: {targetRef: {name: p}}";
    expect(await specOf("CloudEndpoint", spec)).toMatchObject({
      binding: "internal",
      poolingEnabled: true,
      trafficPolicy: { targetRef: { name: "p" } },
    });
  });

  test.each<Wrong>([
    ["no policy", cloud("trafficPolicy: null").replace("spec:", "«spec:"), "cloudendpoint/missing-policy"],
    ["an empty policy", cloud("«trafficPolicy: {}"), "cloudendpoint/missing-policy"],
    ["two policies", cloud(`«trafficPolicy: {inline: ${DENY}, targetRef: {name: a}}`), "cloudendpoint/two-policies"],
    ["a policy in which connections do not end", cloud("trafficPolicy: {inline: «{}}"), "policy/open-end"],
    ["a policy that is a text", cloud("trafficPolicy: {inline: «deny}"), "policy/wrong-type"],
    [
      "a policy for another protocol",
      cloud(
        "trafficPolicy: {inline: {on_tcp_connect: [{actions: [{type: forward-internal, config: {url: «tls://a.internal}}]}]}}",
      ),
      "policy/wrong-protocol",
    ],
    ["a pool that may be", cloud("poolingEnabled: «maybe"), "cloudendpoint/wrong-type"],
    ["an upstream", cloud("«upstream: {url: tcp://b:1}"), "cloudendpoint/unknown-key"],
    ["a url of HTTP", cloud("url: «http://a"), "cloudendpoint/url-scheme"],
    ["a binding that does not fit", cloud("url: tcp://\nbindings: [«kubernetes]"), "cloudendpoint/wrong-binding"],
  ])("is not one with %s", async (_, text, code) => {
    await expectWrong(text, code);
  });

  test("as ngrok's page has it is refused once, and told what to write", async () => {
    const rules = "[{actions: [{type: forward-internal, config: {url: 'tcp://a.internal:1'}}]}]";
    const plain = cloud(`trafficPolicy: {policy: {on_http_request: ${rules}}}`);
    const { diagnostics } = readDocument(await documentOf(plain));
    expect(diagnostics.map(({ severity, code, hint }) => [severity, code, hint])).toEqual([
      ["error", "policy/wrong-phase", 'Write the same rules under "on_tcp_connect"'],
      ["warning", "cloudendpoint/legacy-policy", 'Write "inline"'],
    ]);
  });

  test("reads the old name of its policy with a warning", async () => {
    for (const policy of [DENY, '\'{"on_tcp_connect": [{"actions": [{"type": "deny"}]}]}\'']) {
      const text = cloud(`trafficPolicy: {«policy: ${policy}}`);
      const { spec } = await expectWarned("CloudEndpoint", text, "cloudendpoint/legacy-policy");
      expect(spec.trafficPolicy).toEqual({ inline: DENIED });
    }
  });

  test("warns of what is old inside its policy too", async () => {
    const text = cloud(`trafficPolicy: {«policy: {«inbound: [{actions: [{type: deny}]}]}}`);
    await expectWarned("CloudEndpoint", text, "cloudendpoint/legacy-policy", "policy/legacy-phase");
  });

  test("cannot read a policy that is YAML in a text", async () => {
    const text = cloud("trafficPolicy: {«policy: «'on_tcp_connect: []'}");
    const { diagnostics } = readDocument(await documentOf(text.replaceAll("«", "")));
    expect(diagnostics.map(({ code }) => code)).toEqual(["policy/wrong-type", "cloudendpoint/legacy-policy"]);
  });

  test("has the old name count only where nothing else is written", async () => {
    const beside = cloud(
      `trafficPolicy: {inline: ${DENY}, «policy: {on_tcp_connect: [{actions: [{type: close-connection}]}]}}`,
    );
    const { spec } = await expectWarned("CloudEndpoint", beside, "cloudendpoint/legacy-policy");
    expect(spec.trafficPolicy).toEqual({ inline: DENIED });
    const named = await expectWarned(
      "CloudEndpoint",
      cloud("«trafficPolicyName: p"),
      "cloudendpoint/legacy-policy-name",
    );
    expect(named.spec.trafficPolicy).toEqual({ targetRef: { name: "p" } });
    const both = cloud("trafficPolicy: {targetRef: {name: q}}\n«trafficPolicyName: p");
    const { spec: counted } = await expectWarned("CloudEndpoint", both, "cloudendpoint/legacy-policy-name");
    expect(counted.trafficPolicy).toEqual({ targetRef: { name: "q" } });
  });
});

describe("a traffic policy of its own", () => {
  test("is for endpoints that name it, whatever their protocol is", async () => {
    const policy = "policy: {on_tcp_connect: [{actions: [{type: terminate-tls}]}]}";
    expect(await specOf("NgrokTrafficPolicy", policy)).toMatchObject({ policy: { rules: [{ name: "rule 1" }] } });
    const { manifest } = await readNgrok("NgrokTrafficPolicy", written("ngrok.com/v1", "TrafficPolicy", "policy: {}"));
    expect([manifest.apiVersion, manifest.spec]).toEqual(["ngrok.k8s.ngrok.com/v1alpha1", { policy: { rules: [] } }]);
  });

  test.each<Wrong>([
    [
      "no policy",
      ngrok("NgrokTrafficPolicy", "policy: null").replace("spec:", "«spec:"),
      "ngroktrafficpolicy/missing-key",
    ],
    [
      "a mistake in it",
      ngrok("NgrokTrafficPolicy", "policy: {on_tcp_connect: [{actions: [{type: «denny}]}]}"),
      "policy/unknown-action",
    ],
    ["something else", ngrok("NgrokTrafficPolicy", "policy: {}\n«inline: {}"), "ngroktrafficpolicy/unknown-key"],
  ])("is not one with %s", async (_, text, code) => {
    await expectWrong(text, code);
  });

  test("warns of its old form", async () => {
    const text = ngrok("NgrokTrafficPolicy", `policy:\n  «enabled: true\n  «inbound: [{actions: [{type: deny}]}]`);
    const { spec } = await expectWarned("NgrokTrafficPolicy", text, "policy/legacy-enabled", "policy/legacy-phase");
    expect(spec.policy).toEqual(DENIED);
  });
});

describe("an IPPolicy", () => {
  test("allows and denies networks", async () => {
    const { manifest } = await readNgrok(
      "IPPolicy",
      ngrok(
        "IPPolicy",
        `rules:
- {cidr: 203.0.113.0/24, action: allow, description: HQ}
- {cidr: "2001:db8::/32", action: deny}`,
      ),
    );
    expect(manifest.spec.rules.map(({ cidr, ...rest }) => ({ cidr: formatCidr(cidr), ...rest }))).toEqual([
      { cidr: "203.0.113.0/24", action: "allow", ...OTHERWISE, description: "HQ" },
      { cidr: "2001:db8::/32", action: "deny", ...OTHERWISE },
    ]);
    expect(await specOf("IPPolicy", "description: none")).toEqual({ ...OTHERWISE, description: "none", rules: [] });
  });

  test.each<Wrong>([
    ["a rule without a network", ngrok("IPPolicy", "rules: [«{action: allow}]"), "ippolicy/missing-key"],
    ["a rule that does nothing", ngrok("IPPolicy", "rules: [«{cidr: 10.0.0.0/8}]"), "ippolicy/missing-key"],
    ["another action", ngrok("IPPolicy", "rules: [{cidr: 10.0.0.0/8, action: «drop}]"), "ippolicy/bad-action"],
    ["an address", ngrok("IPPolicy", "rules: [{cidr: «10.0.0.1, action: deny}]"), "ippolicy/bad-cidr"],
    ["a name", ngrok("IPPolicy", "rules: [{cidr: «a, action: deny}]"), "ippolicy/bad-cidr"],
    [
      "a prefix that is too long",
      ngrok("IPPolicy", "rules: [{cidr: «10.0.0.0/33, action: deny}]"),
      "ippolicy/bad-cidr",
    ],
    [
      "an address inside a network",
      ngrok("IPPolicy", "rules: [{cidr: «10.0.0.1/8, action: deny}]"),
      "ippolicy/host-bits",
    ],
    [
      "one network twice",
      ngrok("IPPolicy", "rules: [{cidr: 10.0.0.0/8, action: deny}, {cidr: «10.0.0.0/8, action: allow}]"),
      "ippolicy/duplicate-cidr",
    ],
    [
      "a description of 256 characters",
      ngrok("IPPolicy", `rules: [{cidr: 10.0.0.0/8, action: deny, description: «${"x".repeat(256)}}]`),
      "ippolicy/bad-description",
    ],
    ["100001 rules", ngrok("IPPolicy", `rules: «[${repeat(100_001, () => "1")}]`), "ippolicy/long-list"],
  ])("is not one with %s", async (_, text, code) => {
    await expectWrong(text, code);
  });

  test("warns of metadata in its old form", async () => {
    await expectWarned("IPPolicy", ngrok("IPPolicy", "metadata: «'{}'"), "ippolicy/legacy-metadata");
  });
});

describe("a Domain", () => {
  test("is a name, or all that end with one", async () => {
    expect(await specOf("Domain", "domain: DB.example.com")).toEqual({
      domain: { name: "db.example.com", wildcard: "none" },
      reclaimPolicy: "Delete",
      resolvesTo: [],
      ...OTHERWISE,
    });
    expect(
      await specOf("Domain", "domain: '*.example.com'\nreclaimPolicy: Retain\nresolvesTo: [{value: us}]"),
    ).toMatchObject({
      domain: { name: "example.com", wildcard: "one-label" },
      reclaimPolicy: "Retain",
      resolvesTo: [{ value: "us" }],
    });
  });

  test.each<Wrong>([
    ["no name", ngrok("Domain", "reclaimPolicy: Delete").replace("spec:", "«spec:"), "domain/missing-key"],
    ["every name", ngrok("Domain", "domain: «'*'"), "domain/bad-domain"],
    ["a number", ngrok("Domain", "domain: «1"), "domain/bad-domain"],
    ["an address", ngrok("Domain", "domain: «10.0.0.1"), "domain/bad-domain"],
    ["another end", ngrok("Domain", "domain: a.io\nreclaimPolicy: «Keep"), "domain/bad-reclaim-policy"],
    ["a region without a name", ngrok("Domain", "domain: a.io\nresolvesTo: [«{}]"), "domain/missing-key"],
  ])("is not one with %s", async (_, text, code) => {
    await expectWrong(text, code);
  });

  test("warns of what is old", async () => {
    const old = ngrok("Domain", "domain: a.io\nmetadata: «'{}'\n«resolves_to: [{value: us}]");
    const { spec } = await expectWarned("Domain", old, "domain/legacy-metadata", "domain/legacy-resolves-to");
    expect(spec.resolvesTo).toEqual([{ value: "us" }]);
    const both = ngrok("Domain", "domain: a.io\n«resolves_to: [{value: us}]\nresolvesTo: [{value: eu}]");
    expect((await expectWarned("Domain", both, "domain/legacy-resolves-to")).spec.resolvesTo).toEqual([
      { value: "eu" },
    ]);
  });
});

describe("a BoundEndpoint", () => {
  const target = "target: {service: db, namespace: prod, port: 5432}";

  /** One with these lines besides what it must have. */
  function bound(more: string): string {
    const url = /^.?endpointURL:/m.test(more) ? "" : "endpointURL: tcp://db.prod:5432\n";
    const port = /^.?port:/m.test(more) ? "" : "port: 10001\n";
    return ngrok("BoundEndpoint", `${url}${port}${/^.?target:/m.test(more) ? "" : `${target}\n`}${more}`);
  }

  test("is a Service of a cluster", async () => {
    expect(await specOf("BoundEndpoint", `endpointURL: db.prod\nport: 1\n${target}`)).toEqual({
      endpointURL: "db.prod",
      scheme: "https",
      port: 1,
      target: { service: "db", namespace: "prod", protocol: "TCP", port: 5432, metadata: {} },
    });
    const text = bound(
      "scheme: tls\ntarget: {service: a, namespace: b, protocol: TCP, port: 65535, metadata: {labels: {a: b}, annotations: {}}}",
    );
    expect((await readNgrok("BoundEndpoint", text)).manifest.spec).toMatchObject({
      scheme: "tls",
      target: { port: 65535 },
    });
    for (const url of ["https://a.b", "tls://a.b:1", "://a.b", `tcp://${"a".repeat(63)}.${"b".repeat(63)}:1`]) {
      await readNgrok("BoundEndpoint", bound(`endpointURL: "${url}"`));
    }
  });

  test.each<Wrong>([
    ["a name of three labels", bound("endpointURL: «tcp://a.b.c:1"), "boundendpoint/bad-endpoint-url"],
    ["a name of one label", bound("endpointURL: «tcp://a:1"), "boundendpoint/bad-endpoint-url"],
    ["a label of 64 characters", bound(`endpointURL: «tcp://${"a".repeat(64)}.b:1`), "boundendpoint/bad-endpoint-url"],
    ["a path", bound("endpointURL: «tcp://a.b:1/"), "boundendpoint/bad-endpoint-url"],
    ["another scheme", bound("scheme: «udp"), "boundendpoint/bad-scheme"],
    ["port 0", bound("port: «0"), "boundendpoint/bad-port"],
    ["port 65536", bound("port: «65536"), "boundendpoint/bad-port"],
    ["a target without a port", bound("«target: {service: a, namespace: b}"), "boundendpoint/missing-key"],
    [
      "a target of UDP",
      bound("target: {service: a, namespace: b, port: 1, protocol: «UDP}"),
      "boundendpoint/bad-protocol",
    ],
    ["a namespace in upper case", bound("target: {service: a, namespace: «B, port: 1}"), "boundendpoint/bad-namespace"],
  ])("is not one with %s", async (_, text, code) => {
    await expectWrong(text, code);
  });
});

describe("the group of a kind", () => {
  test.each([
    ["ngrok.k8s.ngrok.com/v1alpha1", "AgentEndpoint", "AgentEndpoint"],
    ["ngrok.com/v1", "AgentEndpoint", "AgentEndpoint"],
    ["ngrok.k8s.ngrok.com/v1alpha1", "CloudEndpoint", "CloudEndpoint"],
    ["ngrok.com/v1", "CloudEndpoint", "CloudEndpoint"],
    ["ngrok.k8s.ngrok.com/v1alpha1", "NgrokTrafficPolicy", "NgrokTrafficPolicy"],
    ["ngrok.k8s.ngrok.com/v1alpha1", "TrafficPolicy", "NgrokTrafficPolicy"],
    ["ngrok.com/v1", "NgrokTrafficPolicy", "NgrokTrafficPolicy"],
    ["ngrok.com/v1", "TrafficPolicy", "NgrokTrafficPolicy"],
    ["ingress.k8s.ngrok.com/v1alpha1", "IPPolicy", "IPPolicy"],
    ["ngrok.com/v1", "IPPolicy", "IPPolicy"],
    ["ingress.k8s.ngrok.com/v1alpha1", "Domain", "Domain"],
    ["ngrok.com/v1", "Domain", "Domain"],
    ["bindings.k8s.ngrok.com/v1alpha1", "BoundEndpoint", "BoundEndpoint"],
    ["ngrok.com/v1", "BoundEndpoint", "BoundEndpoint"],
  ])("%s has %s", (apiVersion, kind, meant) => {
    const identified = identifyNgrok({ apiVersion, kind });
    expect(identified.verdict === "known" ? identified.reader.kind : identified).toBe(meant);
  });

  test.each([
    [
      "ngrok.k8s.ngrok.com/v1",
      "AgentEndpoint",
      "manifest/unknown-version",
      'Write "apiVersion: ngrok.k8s.ngrok.com/v1alpha1"',
    ],
    ["ngrok.com/v1alpha1", "AgentEndpoint", "manifest/unknown-version", 'Write "apiVersion: ngrok.com/v1"'],
    [
      "ingress.k8s.ngrok.com/v1alpha1",
      "AgentEndpoint",
      "manifest/wrong-group",
      'Write "apiVersion: ngrok.k8s.ngrok.com/v1alpha1"',
    ],
    [
      "ngrok.k8.ngrok.com/v1alpha1",
      "AgentEndpoint",
      "manifest/wrong-group",
      'Write "apiVersion: ngrok.k8s.ngrok.com/v1alpha1"',
    ],
    [undefined, "IPPolicy", "manifest/missing-api-version", 'Write "apiVersion: ingress.k8s.ngrok.com/v1alpha1"'],
    ["ngrok.com/v1", "agentendpoint", "manifest/unknown-kind", 'Did you mean "AgentEndpoint"?'],
  ])("%s has no %s", (apiVersion, kind, code, hint) => {
    expect(identifyNgrok({ apiVersion, kind })).toMatchObject({ verdict: "refused", slip: { code, hint } });
  });

  test.each([
    ["ngrok.k8s.ngrok.com/v1alpha1", "KubernetesOperator"],
    ["gateway.kgateway.dev/v1alpha1", "TrafficPolicy"],
    ["example.com/v1", "Domain"],
    ["v1", "Service"],
  ])("%s may have %s, which is somebody else's", (apiVersion, kind) => {
    expect(identifyNgrok({ apiVersion, kind })).toEqual({ verdict: "foreign" });
  });
});

test("what is left of a document with mistakes has its URL, and says so", async () => {
  const { manifests, diagnostics } = await decodeText(agent("bindings: [nowhere]"));
  expect(diagnostics.some(({ severity }) => severity === "error")).toBe(true);
  expect(manifests).toMatchObject([{ kind: "AgentEndpoint", spec: { hasMistakes: true, url: { scheme: "tcp" } } }]);
});

test("whatever is written is an object, or told to be none", () => {
  const words = [
    "url",
    "upstream",
    "trafficPolicy",
    "inline",
    "targetRef",
    "policy",
    "trafficPolicyName",
    "bindings",
    "metadata",
    "rules",
    "cidr",
    "action",
    "domain",
    "endpointURL",
    "target",
    "tcp://a:1",
    "tls://a",
    "{}",
    "on_tcp_connect",
    "name",
    "__proto__",
  ];
  const kinds = ["AgentEndpoint", "CloudEndpoint", "TrafficPolicy", "IPPolicy", "Domain", "BoundEndpoint"];
  const origin = { file: "a.yaml", locate: () => ({ line: 1, column: 1 }) };
  for (let seed = 1; seed <= 5_000; seed++) {
    const random = new Random(seed);
    const invent = (depth: number): unknown => {
      const word = (): string => words[random.below(words.length)] ?? "";
      if (random.chance(3)) return word();
      if (random.chance(8)) return [0, true, null, Number.NaN, undefined][random.below(5)];
      const items = Array.from({ length: depth > 5 ? 0 : random.below(6) }, () => invent(depth + 1));
      return random.chance(4) ? items : Object.fromEntries(items.map((item) => [word(), item]));
    };
    const kind = kinds[random.below(kinds.length)];
    const value = { apiVersion: "ngrok.com/v1", kind, metadata: { name: "a" }, spec: invent(0) };
    const { manifest, diagnostics } = readDocument({ value, origin });
    expect(manifest === undefined).toBe(diagnostics.some(({ severity }) => severity === "error"));
  }
});
