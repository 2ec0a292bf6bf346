// ListenerPolicy, which is sallyport's own: whom a listener serves. A policy of one listener goes before that of the whole Gateway, and
// what holds for a Gateway holds for the ListenerSets that are merged into it.

import { expect, test } from "bun:test";
import { tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import { listenerPolicyText, listenerSetText } from "../support/conformance-policies.ts";
import { documents, expectAncestors, INFRA } from "../support/conformance.ts";
import { startPolicyScene } from "../support/policy-scene.ts";

const IN_FORCE = "Accepted=True/Accepted";

function header(host: string): string {
  return `PROXY TCP4 ${host} 192.0.2.2 1000 5432\r\n`;
}

test("allow and deny say from where clients may come, for a listener or for all of a Gateway's", async () => {
  await using scene = await startPolicyScene({
    "set.yaml": documents(
      listenerSetText("set", { gateway: "front" }, tcpListener("added", 9303), tcpListener("own", 9304)),
      tcpRouteText("to-set", {
        parents: "{kind: ListenerSet, name: set}",
        backends: "{name: tcp-backend, port: 3000}",
      }),
    ),
    "policies.yaml": documents(
      listenerPolicyText("whole", "Gateway front", "deny: [127.0.0.2]"),
      listenerPolicyText("part", "Gateway front#two", "allow: [127.0.0.0/30]", "deny: [127.0.0.1]"),
      listenerPolicyText("set-part", "ListenerSet set#own", "deny: [127.0.0.3]"),
    ),
  });

  const { gateway, visit, backend } = scene;
  await expectAncestors(gateway, `ListenerPolicy ${INFRA}/whole`, [`Gateway ${INFRA}/front`, IN_FORCE]);
  await expectAncestors(gateway, `ListenerPolicy ${INFRA}/part`, [`Gateway ${INFRA}/front`, IN_FORCE]);
  await expectAncestors(gateway, `ListenerPolicy ${INFRA}/set-part`, [`ListenerSet ${INFRA}/set`, IN_FORCE]);
  const served = async (port: number): Promise<Record<string, string>> => {
    const answers: Record<string, string> = {};
    for (const from of ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.9"]) answers[from] = await visit(port, from);
    return answers;
  };
  const ofGateway = { "127.0.0.1": "served", "127.0.0.2": "reset", "127.0.0.3": "served", "127.0.0.9": "served" };
  expect(await served(9301)).toEqual(ofGateway);
  expect(await served(9302)).toEqual({
    "127.0.0.1": "reset",
    "127.0.0.2": "served",
    "127.0.0.3": "served",
    "127.0.0.9": "reset",
  });
  expect(await served(9303)).toEqual(ofGateway);
  expect(await served(9304)).toEqual({ ...ofGateway, "127.0.0.2": "served", "127.0.0.3": "reset" });
  expect(backend.accepted).toBe(3 + 2 + 3 + 3);

  await gateway.apply("policies.yaml", listenerPolicyText("whole", "Gateway front", "deny: [127.0.0.1]"));
  for (const port of [9301, 9302, 9303, 9304]) {
    expect([await visit(port, "127.0.0.1"), await visit(port, "127.0.0.2")]).toEqual(["reset", "served"]);
  }
});

test("PROXY headers are believed from whom the policy lists, and their address is the client's", async () => {
  await using scene = await startPolicyScene({
    "policy.yaml": listenerPolicyText(
      "proxied",
      "Gateway front#one",
      "proxyProtocol: {accept: {from: [127.0.0.7]}}",
      "deny: [192.0.2.66]",
    ),
  });
  const { gateway, visit, backend } = scene;
  await expectAncestors(gateway, `ListenerPolicy ${INFRA}/proxied`, [`Gateway ${INFRA}/front`, IN_FORCE]);
  expect(await visit(9301, "127.0.0.7", header("192.0.2.1"))).toBe("served");
  expect(await visit(9301, "127.0.0.7", header("192.0.2.66"))).toBe("reset");
  expect(await visit(9301, "127.0.0.7", "no header at all\r\n")).toBe("reset");
  const { accepted } = backend;
  expect(accepted).toBe(1);
  // Of somebody else a header is what he says to the backend: it changes nothing about who he is.
  expect(await visit(9301, "127.0.0.8", header("192.0.2.66"))).toBe("served");
  expect(await visit(9302, "127.0.0.7", header("192.0.2.66"))).toBe("served");
});
