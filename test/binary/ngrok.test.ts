// ngrok's manifests on the executable, as its page on TCP routing has them, put right: what they serve, what is said of them and of the
// page's own mistakes, and that addresses are the same after a crash.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as v from "valibot";
import { parse } from "yaml";
import { type Backend, speaksFirst, startBackend } from "../support/backend.ts";
import { type BinaryBench, type Place, type RunningBinary, shippedBinary } from "../support/binary.ts";
import {
  agent,
  cloud,
  DENY,
  forwardTo,
  inline,
  ipPolicy,
  loadBalancer,
  named,
  phase,
  terminateTls,
  trafficPolicy,
} from "../support/endpoint-documents.ts";
import { freePort } from "../support/free-port.ts";
import { service, slice } from "../support/gateway-documents.ts";
import { tlsPem } from "../support/tls-client.ts";
import { visit } from "../support/visit.ts";

const HOST = "1.tcp.ngrok.io";
const FLAGS = ["--routes", "routes", "--tcp-host", `${HOST}=127.0.0.1`];
const Resource = v.object({
  spec: v.optional(v.record(v.string(), v.unknown())),
  status: v.optional(v.looseObject({ assignedURL: v.optional(v.string()), loadBalancer: v.optional(v.unknown()) })),
});

/** As the page has it: a phase of HTTP at an endpoint of TCP, under a key that has another name by now. */
const WRONG = `apiVersion: ngrok.k8s.ngrok.com/v1alpha1
kind: CloudEndpoint
metadata:
  name: example-cloud-endpoint
  namespace: default
spec:
  url: tcp://1.tcp.ngrok.io:12345
  trafficPolicy:
    policy:
      on_http_request:
        - actions:
            - type: forward-internal
              config:
                url: tcp://example-service.internal:8443
`;

let backend: Backend;
let bench: BinaryBench;
let place: Place;
let gateway: RunningBinary;
const [direct, front, balanced] = [freePort(), freePort(), freePort()];

beforeAll(async () => {
  backend = await startBackend(speaksFirst("a"));
  bench = await shippedBinary();
  place = await bench.place();
  const here = { endpoints: [{ addresses: ["127.0.0.1"] }], ports: [{ port: backend.port }] };
  const upstream = "tcp://example-service.example-namespace:8443";
  await place.write(
    "service.yaml",
    service("example-namespace/example-service", { ports: [{ port: 8443 }] }) +
      slice("example-namespace/example-service-1", "example-service", here),
  );
  await place.write("agent.yaml", agent("example-service", `tcp://${HOST}:${direct}`, upstream));
  await place.write(
    "cloud.yaml",
    cloud(
      "example-cloud-endpoint",
      `tcp://${HOST}:${front}`,
      inline(forwardTo("tcp://example-service.internal:8443")),
    ) + agent("inside", "tcp://example-service.internal:8443", upstream),
  );
  await place.write("any.yaml", agent("random-address", "tcp://", upstream));
  await place.write(
    "balancer.yaml",
    loadBalancer("lb", { url: `tcp://127.0.0.1:${balanced}` }) + slice("lb-1", "lb", here),
  );
  await place.write(
    "policies.yaml",
    trafficPolicy("shut", phase(DENY)) +
      ipPolicy("office", "allow 203.0.113.0/24") +
      agent("closed", "tcp://", upstream, named("gone")),
  );
  await place.write("tls.yaml", agent("tls", `tls://one.example:${freePort()}`, upstream, inline(terminateTls())));
  gateway = await place.start(FLAGS);
}, 60_000);

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
  await backend.close();
});

/** One object as the admin port shows it. */
async function shown(kind: string, name: string) {
  const answer = await fetch(`http://${gateway.admin}/api/v1/resources/${kind}/default/${name}`);
  return v.parse(Resource, await answer.json());
}

async function assigned(name: string): Promise<string> {
  return (await shown("AgentEndpoint", name)).status?.assignedURL ?? "";
}

describe("ngrok's manifests on the executable", () => {
  test("serve clients of an AgentEndpoint, of a CloudEndpoint and of a Service of type LoadBalancer", async () => {
    expect([await visit(direct), await visit(front), await visit(balanced)]).toEqual(["a", "a", "a"]);
    expect(await visit(Number((await assigned("random-address")).split(":").at(-1)))).toBe("a");
  });

  test("are listed with how they stand", async () => {
    const table = await gateway.cli("resources", "agentendpoints");
    expect(table).toMatchObject({ code: 0, err: "" });
    expect(table.out).toMatch(/^default +AgentEndpoint +example-service +Ready /m);
    expect(table.out).toMatch(/^default +AgentEndpoint +closed +False: TrafficPolicyError /m);
    const wide = await gateway.cli("resources", "aep", "example-service", "-o", "wide");
    expect(wide.out).toMatch(new RegExp(`example-service +Ready +\\S+ +tcp://1\\.tcp\\.ngrok\\.io:${direct} +1$`, "m"));
    const all = await gateway.cli("resources");
    for (const line of [
      "CloudEndpoint +example-cloud-endpoint +Ready",
      "NgrokTrafficPolicy +shut +Ready",
      "IPPolicy +office +Ready",
      "Service +lb +Ready",
    ]) {
      expect(all.out).toMatch(new RegExp(`^default +${line} `, "m"));
    }
    const status = await gateway.cli("status");
    expect(status.out).toMatch(/^Resources +\d+, of which 1 with something wrong$/m);
  });

  test("are shown as a person writes them, without private keys", async () => {
    const { out } = await gateway.cli("resources", "cloudendpoint/example-cloud-endpoint", "-o", "yaml");
    expect(parse(out)).toMatchObject({
      spec: {
        url: `tcp://${HOST}:${front}`,
        bindings: ["public"],
        trafficPolicy: {
          inline: {
            on_tcp_connect: [
              { actions: [{ type: "forward-internal", config: { url: "tcp://example-service.internal:8443" } }] },
            ],
          },
        },
      },
    });
    const tls = await gateway.cli("resources", "agentendpoint/tls", "-o", "yaml");
    expect(tls.out).toContain("BEGIN CERTIFICATE");
    expect(tls.out).not.toContain(tlsPem("one.key").split("\n")[1] ?? "");
  });

  test("tell where a Service of type LoadBalancer is found", async () => {
    const { status } = await shown("Service", "lb");
    expect(status?.loadBalancer).toEqual({
      ingress: [{ ip: "127.0.0.1", ports: [{ port: balanced, protocol: "TCP" }] }],
    });
  });

  test("have the addresses that they were given also after kill -9", async () => {
    const before = await assigned("random-address");
    expect(before).toMatch(/^tcp:\/\/1\.tcp\.ngrok\.io:2\d{4}$/);
    await gateway[Symbol.asyncDispose]();
    gateway = await place.start(FLAGS);
    expect(await assigned("random-address")).toBe(before);
    expect(await visit(Number(before.split(":").at(-1)))).toBe("a");
  });
});

test("the page's own CloudEndpoint is explained, and refused", async () => {
  const other = await bench.place();
  await other.write("wrong.yaml", WRONG);
  const { code, out } = await other.run(["check", "routes", "--tcp-host", HOST]);
  expect(code).toBe(2);
  expect(out).toMatch(/wrong\.yaml:10:7 error policy\/wrong-phase .*"on_tcp_connect" \(ERR_NGROK_2230\)/);
  expect(out).toMatch(/wrong\.yaml:9:5 warning cloudendpoint\/legacy-policy "policy" is the old name of "inline"/);
  expect(out).toContain("Not valid: ");
  const right = WRONG.replace("policy:\n", "inline:\n").replace("on_http_request", "on_tcp_connect");
  await other.write("wrong.yaml", right);
  const again = await other.run(["check", "routes", "--tcp-host", HOST]);
  expect(again).toMatchObject({ code: 0, err: "" });
});
