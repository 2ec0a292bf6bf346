// Upstream's own manifests, where they are on this machine, with what its tests assert of them: everything of TCPRoutes, and
// of the others what does not need HTTP. Elsewhere these tests are skipped, and say so. What is re-told is in the files beside
// this one; README.md has the list.

import { expect, test } from "bun:test";
import { GATEWAY_CHECKS } from "../support/upstream-gateway.ts";
import { LISTENER_SET_CHECKS } from "../support/upstream-listenerset.ts";
import { POLICY_CHECKS } from "../support/upstream-policy.ts";
import { skipWithout } from "../support/installed.ts";
import { HAS_UPSTREAM, isWhole, UpstreamScene, upstreamTests } from "../support/upstream-suite.ts";
import { TCP_ROUTE_CHECKS } from "../support/upstream-tcproute.ts";

const CHECKS = { ...TCP_ROUTE_CHECKS, ...GATEWAY_CHECKS, ...LISTENER_SET_CHECKS, ...POLICY_CHECKS };

const skipped = skipWithout("openssl");
const all = HAS_UPSTREAM ? upstreamTests() : [];
const missing = all.filter((each) => !isWhole(each)).map(({ name }) => name);
if (missing.length > 0) process.stderr.write(`Skipped, without manifests: ${missing.join(", ")}\n`);

/** Errors in the manifests, but for certificates: some are wrong on purpose. */
async function mistakesIn({ gateway }: UpstreamScene): Promise<readonly string[]> {
  const errors = (await gateway.diagnostics()).filter(({ severity }) => severity === "error");
  return errors.map(({ code }) => code).filter((code) => !code.startsWith("tls/"));
}

test.skipIf(!HAS_UPSTREAM)("what is asserted is of tests that there are", () => {
  const names = all.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(0);
  expect(Object.keys(CHECKS).filter((name) => !names.includes(name))).toEqual([]);
});

for (const [name, check] of Object.entries(CHECKS)) {
  const found = all.find((each) => each.name === name);
  test.skipIf(skipped || found === undefined || !isWhole(found))(
    `${name}, on upstream's manifests`,
    async () => {
      if (found === undefined) throw new Error(`There is no test ${name}`);
      await using scene = await UpstreamScene.start(found);
      expect(await mistakesIn(scene)).toEqual([]);
      await check(scene);
    },
    30_000,
  );
}

// The rest is about HTTP; that its manifests do no harm to anybody is worth knowing too.
for (const found of all.filter((each) => !(each.name in CHECKS) && isWhole(each))) {
  test.skipIf(skipped)(
    `${found.name}, on upstream's manifests: nothing in them is a mistake, and the gateway goes on`,
    async () => {
      await using scene = await UpstreamScene.start(found);
      expect(await mistakesIn(scene)).toEqual([]);
      await scene.add("more.yaml", "listen: 127.0.0.1:0\nbackends: [127.0.0.1:9]\n");
      expect((await scene.gateway.ask("GET", "/api/v1/routes")).ok).toBe(true);
    },
    30_000,
  );
}
