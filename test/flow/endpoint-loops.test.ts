// Endpoints that lead back to where they come from, over more than one step: one client must not become thousands.

import { expect, test } from "bun:test";

import { eventually } from "../support/eventually.ts";
import { startFlow } from "../support/flow.ts";
import { freePort } from "../support/free-port.ts";
import { manifest } from "../support/gateway-documents.ts";
import { Peer } from "../support/peer.ts";

const API = "ngrok.k8s.ngrok.com/v1alpha1";
/** More than any way through policies opens for one client. */
const MANY = 200;

function agent(name: string, url: string, port: number): string {
  return manifest(API, "AgentEndpoint", name, { spec: { url, upstream: { url: `tcp://127.0.0.1:${port}` } } });
}

test.each([
  [
    "an internal endpoint whose upstream is the port that forwards to it",
    (port: number) => ({
      "inside.yaml": agent("inside", "tcp://db.internal:5432", port),
      "door.yaml": {
        listen: `127.0.0.1:${port}`,
        backends: ["127.0.0.1:1"],
        policy: {
          on_tcp_connect: [{ actions: [{ type: "forward-internal", config: { url: "tcp://db.internal:5432" } }] }],
        },
      },
    }),
  ],
  [
    "two endpoints that share the port that is their upstream",
    (port: number) => ({
      "a.yaml": agent("a", `tcp://localhost:${port}`, port),
      "b.yaml": agent("b", `tcp://localhost:${port}`, port),
    }),
  ],
])("%s is told of, or gives each client one connection", async (_, files) => {
  const port = freePort();
  await using flow = await startFlow(files(port));
  await using client = await Peer.connect(port).catch(() => undefined);
  const count = async (): Promise<number> => (await flow.view.connections({}, undefined, 1000)).length;
  await eventually(async () => client === undefined || client.ending !== undefined || (await count()) > MANY);
  expect(await count()).toBeLessThan(MANY);
});
