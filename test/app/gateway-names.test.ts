import { expect, test } from "bun:test";

import { judgeGatewayNames } from "../../src/app/gateway-names.ts";
import { gateway, secret, service, terminating, tls, tlsRoute } from "../support/gateway-documents.ts";
import { secretDataOf } from "../support/pem.ts";
import { translateManifests } from "../support/translate-manifests.ts";

// For upper.example.com and *.apps.example.com.
const SECRETS = [secret("names", secretDataOf("names")), secret("chained", secretDataOf("chained"))].join("");

/** What is said, with the line of the document that it is said of. */
async function said(
  listener: Readonly<Record<string, unknown>>,
  ...routes: readonly string[]
): Promise<readonly string[]> {
  const text = gateway("front", [listener]) + SECRETS + service("db") + routes.join("");
  const found = await translateManifests(text);
  expect(found.said).toEqual([]);
  return judgeGatewayNames(found).map(({ line, severity, code, message }) => `${line} ${severity} ${code}: ${message}`);
}

const good = tlsRoute("a", ["front"], ["upper.example.com", "b.apps.example.com"]);
const bad = tlsRoute("b", ["front"], ["upper.example.com", "b.example.com"]);

test("names that a listener's certificate lacks are said of the route that has them", async () => {
  const all = await said(terminating("a", 443, undefined, "names"), good, tlsRoute("b", ["front"], ["b.example.com"]));
  expect(all).toEqual([
    '12 warning tls/name-missing: The certificate is not for "b.example.com": it has "upper.example.com", "*.apps.example.com"',
  ]);
});

test("only what it lacks is said, and nothing where it has all", async () => {
  expect(await said(terminating("a", 443, undefined, "names"), good)).toEqual([]);
  expect(await said(terminating("a", 443, undefined, "names"), bad)).toHaveLength(1);
});

test("of several certificates one has to have a name", async () => {
  const listener = terminating("a", 443, undefined, "chained", "names");
  expect(await said(listener, good, tlsRoute("c", ["front"], ["chained.example"]))).toEqual([]);
});

test("what goes through has no certificate of ours", async () => {
  expect(await said(tls("a", 443), bad)).toEqual([]);
});
