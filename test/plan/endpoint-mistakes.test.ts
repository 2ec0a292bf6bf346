// Endpoints with mistakes, and what that means for the clients of others: nobody gets clients who are not his, nobody loses his own.

import { describe, expect, test } from "bun:test";

import { chooseRoutes } from "../support/choose-route.ts";
import { manifest } from "../support/gateway-documents.ts";
import { secretDataOf } from "../support/pem.ts";
import { translateManifests } from "../support/translate-manifests.ts";

const API = "ngrok.k8s.ngrok.com/v1alpha1";
const IDENTITY = secretDataOf("names");

function agent(name: string, spec: object, day: number): string {
  return manifest(API, "AgentEndpoint", name, { spec: { upstream: { url: "tcp://127.0.0.1:1" }, ...spec } }, { day });
}

const ENDS = {
  trafficPolicy: {
    inline: {
      on_tcp_connect: [
        {
          actions: [
            {
              type: "terminate-tls",
              config: { server_certificate: IDENTITY["tls.crt"], server_private_key: IDENTITY["tls.key"] },
            },
          ],
        },
      ],
    },
  },
};

describe("an endpoint whose URL has a mistake from which the name can be told", () => {
  test.each(["tls://db.example.com/", "TLS://db.example.com", "tls://db.example.com "])(
    "keeps its clients from the endpoint of a wildcard: %p",
    async (url) => {
      const text = agent("exact", { url }, 1) + agent("wild", { url: "tls://*.example.com" }, 2);
      const { compiled } = await translateManifests(text, { mayBreak: true });
      const chosen = compiled.plan.listeners.flatMap((listener) =>
        chooseRoutes(listener, { address: "127.0.0.1", tls: { name: "db.example.com" } }),
      );
      expect(chosen).not.toContain("agentendpoint/default/wild");
    },
  );
});

describe("a Service whose URL has a mistake from which the name can be told", () => {
  test("keeps its clients from the endpoint of a wildcard", async () => {
    const service = manifest("v1", "Service", "exact", {
      metadata: { name: "exact", annotations: { "ngrok.com/url": "tls://db.example.com/" } },
      spec: { type: "LoadBalancer", loadBalancerClass: "ngrok", ports: [{ port: 5432 }] },
    });
    const found = await translateManifests(service + agent("wild", { url: "tls://*.example.com" }, 2));
    const chosen = found.compiled.plan.listeners.flatMap((listener) =>
      chooseRoutes(listener, { address: "127.0.0.1", tls: { name: "db.example.com" } }),
    );
    expect(chosen).not.toContain("agentendpoint/default/wild");
  });
});

describe("endpoints that share a URL", () => {
  test("with tcp:// go on when the document of the oldest has a mistake elsewhere", async () => {
    const url = "tcp://localhost:20000";
    const text = agent("old", { url, unknown: true }, 1) + agent("young", { url }, 2);
    const { compiled } = await translateManifests(text, { mayBreak: true });
    const open = compiled.plan.routes.filter(({ pools }) => pools.length > 0).map(({ name }) => name);
    expect(open).toEqual(["agentendpoint/default/young"]);
  });

  test("with tls:// let nobody in then: what the oldest asks of its clients is not known", async () => {
    const url = "tls://upper.example.com";
    const text = agent("old", { url, ...ENDS, unknown: true }, 1) + agent("young", { url, ...ENDS }, 2);
    const { compiled } = await translateManifests(text, { mayBreak: true });
    expect(compiled.plan.routes.filter(({ pools }) => pools.length > 0)).toEqual([]);
  });
});
