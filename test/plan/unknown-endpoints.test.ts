import { expect, test } from "bun:test";

import { compileRoutes } from "../support/compile-routes.ts";

/** A route whose only rule does these actions. */
function route(...actions: readonly object[]): string {
  const policy = { on_tcp_connect: [{ name: "door", actions }] };
  return JSON.stringify({ listen: 5432, backends: ["b:1"], policy });
}

function forward(url: string, more: object = {}): object {
  return { type: "forward-internal", config: { url, ...more } };
}

test("a policy that forwards to nobody is told of, with the rule and the URL", async () => {
  const { diagnostics } = await compileRoutes({ "a.yaml": route(forward("tcp://db.internal:5432")) });
  expect(diagnostics).toMatchObject([
    {
      file: "a.yaml",
      severity: "warning",
      code: "policy/unknown-endpoint",
      message:
        'Rule "door" forwards to tcp://db.internal:5432, and there is no internal endpoint with this URL: clients find nobody there',
    },
  ]);
});

test("it is a notice where the policy goes on then, and nothing where the URL is known only when a client is there", async () => {
  const text = route(
    forward("tcp://db.internal:5432", { on_error: "continue" }),
    forward("tcp://${conn.client_ip == '10.0.0.1' ? 'a' : 'b'}.internal:5432"),
  );
  const { diagnostics } = await compileRoutes({ "a.yaml": text });
  expect(diagnostics.map(({ severity, code }) => `${severity} ${code}`)).toEqual(["notice policy/unknown-endpoint"]);
});
