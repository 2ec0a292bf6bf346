// What is shown of ngrok's kinds: what a person would write, which means the same when it is read again, and no private key.

import { describe, expect, test } from "bun:test";
import { toResourceObject } from "../../src/app/resource-view.ts";
import { writtenSpec } from "../../src/app/written-ngrok.ts";
import { decodeText } from "../support/written-manifest.ts";
import { documentOf } from "../support/written-document.ts";
import { ngrok, readDocument, readNgrok } from "../support/written-ngrok.ts";
import { tlsPem } from "../support/tls-client.ts";
import type { NgrokManifest } from "../../src/resource/manifest/ngrok.ts";

const RECORD = { generation: 1, creationTimestamp: "2026-01-02T12:00:00Z" };
const ALL = `
url: tls://*.db.example.com
upstream: {url: "tls://[2001:db8::1]:5432", proxyProtocolVersion: "2"}
trafficPolicy:
  inline:
    on_tcp_connect:
      - name: first
        expressions: ["conn.client_port > 1024", "conn.client_ip != '10.0.0.1'"]
        actions:
          - type: restrict-ips
            config: {enforce: false, allow: [10.0.0.0/8, "::1/128", "\${conn.client_ip}"], deny: [10.6.6.6/32], ip_policies: [office]}
          - type: set-vars
            config: {vars: [{a: 1}, {b: {c: "\${vars.a}"}}]}
          - type: log
            config: {metadata: {who: "\${conn.client_ip}"}}
          - type: rate-limit
            config: {name: r, algorithm: sliding_window, capacity: 5, rate: 90s, bucket_key: [conn.client_ip]}
          - type: forward-internal
            config: {url: "tls://a.internal:1", on_error: continue}
          - type: forward-internal
            config: {url: "tls://b.internal:1"}
      - actions: [{type: close-connection}]
description: all of it
metadata: {team: data}
clientCertificateRefs: [{name: own}]
tlsTermination: {serverCertificateRef: {name: cert}, mutualTLS: {clientCAsRef: {name: ca}, mode: request}}`;

const SPECS: readonly (readonly [NgrokManifest["kind"], string])[] = [
  ["AgentEndpoint", ALL],
  ["AgentEndpoint", "url: tcp://\nupstream: {url: 'tcp://db.prod:5432'}"],
  [
    "AgentEndpoint",
    "url: tcp://db.internal:1\nupstream: {url: 'tcp://10.0.0.1:1'}\ntrafficPolicy: {targetRef: {name: p}}",
  ],
  [
    "CloudEndpoint",
    "url: tcp://1.tcp.example:1\npoolingEnabled: true\ntrafficPolicy: {inline: {on_tcp_connect: [{actions: [{type: deny}]}]}}",
  ],
  ["CloudEndpoint", "url: tcp://1.tcp.example:1\ntrafficPolicyName: p"],
  ["NgrokTrafficPolicy", "policy: {on_tcp_connect: [{actions: [{type: terminate-tls, config: {min_version: 1.3}}]}]}"],
  ["NgrokTrafficPolicy", "policy: {on_tcp_connect: [{actions: [{type: restrict-ips, config: {allow: [0.0.0.0/0]}}]}]}"],
  [
    "IPPolicy",
    "rules: [{cidr: 203.0.113.0/24, action: allow, description: HQ}, {cidr: '2001:db8::1/128', action: deny}]",
  ],
  ["Domain", "domain: '*.example.com'\nreclaimPolicy: Retain\nresolvesTo: [{value: us}]"],
  [
    "BoundEndpoint",
    "endpointURL: tcp://db.prod:5432\nscheme: tcp\nport: 10001\ntarget: {service: db, namespace: prod, protocol: TCP, port: 5432}",
  ],
];

for (const [index, [kind, spec]] of SPECS.entries()) {
  test(`what is shown of a ${kind} means the same when it is read again (${index + 1})`, async () => {
    const { manifest } = await readNgrok(kind, ngrok(kind, spec));
    const shown = ngrok(kind, JSON.stringify(writtenSpec(manifest)));
    const again = readDocument(await documentOf(shown));
    expect(again.diagnostics).toEqual([]);
    expect(again.manifest?.spec).toEqual(manifest.spec);
  });
}

describe("an endpoint is shown", () => {
  test("as a person writes it", async () => {
    const { manifest } = await readNgrok("AgentEndpoint", ngrok("AgentEndpoint", ALL));
    const { spec } = toResourceObject(manifest, RECORD, undefined);
    expect(spec).toMatchObject({
      url: "tls://*.db.example.com:443",
      bindings: ["public"],
      upstream: { url: "tls://[2001:db8::1]:5432", proxyProtocolVersion: "2" },
      trafficPolicy: {
        inline: {
          on_tcp_connect: [
            {
              name: "first",
              actions: [
                {
                  type: "restrict-ips",
                  config: {
                    enforce: false,
                    allow: ["10.0.0.0/8", "::1/128", "${conn.client_ip}"],
                    deny: ["10.6.6.6/32"],
                    ip_policies: ["office"],
                  },
                },
                { type: "set-vars", config: { vars: [{ a: 1 }, { b: { c: "${vars.a}" } }] } },
                { type: "log" },
                { type: "rate-limit", config: { rate: "1m30s", bucket_key: ["conn.client_ip"] } },
                { type: "forward-internal", config: { url: "tls://a.internal:1", on_error: "continue" } },
                { type: "forward-internal", config: { url: "tls://b.internal:1" } },
              ],
            },
            { actions: [{ type: "close-connection" }] },
          ],
        },
      },
      description: "all of it",
    });
  });

  test("without the private keys in its policy, wherever that is", async () => {
    const config = { server_certificate: tlsPem("one.pem"), server_private_key: tlsPem("one.key") };
    const policy = { on_tcp_connect: [{ actions: [{ type: "terminate-tls", config }] }] };
    const inline = JSON.stringify({
      url: "tls://one.example",
      upstream: { url: "tcp://db:1" },
      trafficPolicy: { inline: policy },
    });
    const { manifest } = await readNgrok("AgentEndpoint", ngrok("AgentEndpoint", inline));
    const named = await readNgrok("NgrokTrafficPolicy", ngrok("NgrokTrafficPolicy", JSON.stringify({ policy })));
    const secret = tlsPem("one.key").split("\n")[1] ?? "";
    for (const object of [manifest, named.manifest]) {
      const shown = JSON.stringify(toResourceObject(object, RECORD, undefined));
      expect(shown).toContain("BEGIN CERTIFICATE");
      expect(shown).toContain("(left out)");
      expect(shown).not.toContain(secret);
    }
  });

  test("with no more than is known of it when its document has mistakes", async () => {
    const kinds = [
      ["AgentEndpoint", "url: tcp://10.0.0.1:1\nupstream: {url: nowhere}"],
      ["CloudEndpoint", "url: tcp://10.0.0.1:1"],
    ] as const;
    for (const [kind, spec] of kinds) {
      const { manifests } = await decodeText(ngrok(kind, spec));
      const shown = manifests.map((each) => toResourceObject(each, RECORD, undefined).spec);
      expect(shown).toEqual([{ url: "tcp://10.0.0.1:1", bindings: ["public"] }]);
    }
  });
});
