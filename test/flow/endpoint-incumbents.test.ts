// Who has a port goes on having it, whatever comes and goes beside it: an endpoint, and a route that wants the same port and lost.

import { describe, expect, test } from "bun:test";

import { type Backend, speaksFirst, startBackend } from "../support/backend.ts";
import { startFlow } from "../support/flow.ts";
import { freePort } from "../support/free-port.ts";
import { manifest } from "../support/gateway-documents.ts";
import { visit } from "../support/visit.ts";

const API = "ngrok.k8s.ngrok.com/v1alpha1";

function agent(name: string, port: number, backend: Backend): string {
  const spec = { url: `tcp://localhost:${port}`, upstream: { url: `tcp://127.0.0.1:${backend.port}` } };
  return manifest(API, "AgentEndpoint", name, { spec });
}

describe("an endpoint that has a port which a route wants, too", () => {
  test("keeps it when a second endpoint comes to share its URL", async () => {
    await using own = await startBackend(speaksFirst("e"));
    await using other = await startBackend(speaksFirst("r"));
    const port = freePort();
    await using flow = await startFlow({ "a.yaml": agent("a", port, own) });
    await flow.write("r.yaml", JSON.stringify({ listen: `127.0.0.1:${port}`, backends: [`127.0.0.1:${other.port}`] }));
    await flow.reload();
    expect(await visit(port)).toBe("e");
    await flow.write("b.yaml", agent("b", port, own));
    await flow.reload();
    expect(await visit(port)).toBe("e");
  });

  test("keeps it when the last one that shared its URL goes", async () => {
    await using own = await startBackend(speaksFirst("e"));
    await using other = await startBackend(speaksFirst("r"));
    const port = freePort();
    await using flow = await startFlow({ "a.yaml": agent("a", port, own), "b.yaml": agent("b", port, own) });
    await flow.write("r.yaml", JSON.stringify({ listen: `127.0.0.1:${port}`, backends: [`127.0.0.1:${other.port}`] }));
    await flow.reload();
    expect(await visit(port)).toBe("e");
    await flow.remove("b.yaml");
    await flow.reload();
    expect(await visit(port)).toBe("e");
  });
});
