import { expect, test } from "bun:test";
import { chmod, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createRouteFiles } from "../support/route-files.ts";
import { eventually } from "../support/eventually.ts";
import { routeText, startFlow } from "../support/flow.ts";
import { pemOf } from "../support/pem.ts";

const UPSTREAM = { listen: "127.0.0.1:0", backends: ["127.0.0.1:9"] };

test("a certificate that a route file refers to is followed like the route file", async () => {
  await using files = await createRouteFiles({ "ca.pem": pemOf("root.pem") });
  await using flow = await startFlow({ "db.yaml": { ...UPSTREAM, upstreamTls: { ca: files.at("ca.pem") } } });
  const ready = async (): Promise<readonly string[]> => (await flow.view.diagnostics()).map(({ code }) => code);
  expect(await ready()).toEqual([]);

  await rm(files.at("ca.pem"));
  await eventually(async () => (await ready()).includes("tls/file-missing"));
  const line = flow.log.lines.find(({ fields }) => fields["code"] === "tls/file-missing");
  expect(line?.message).toContain("; the one that was read before goes on");

  await files.write(".ca.pem", pemOf("other.pem"));
  await rename(files.at(".ca.pem"), files.at("ca.pem"));
  await eventually(async () => (await ready()).length === 0);
});

test("a gateway without directories follows the certificates of stored documents and embedded routes", async () => {
  await using files = await createRouteFiles({ "one.pem": pemOf("root.pem"), "two.pem": pemOf("root.pem") });
  const text = routeText({ ...UPSTREAM, upstreamTls: { ca: files.at("one.pem") } });
  await using flow = await startFlow({}, { routes: [], embedded: [{ file: "routes/db.yaml", text }] });
  const codes = async (): Promise<readonly string[]> => (await flow.view.diagnostics()).map(({ code }) => code);
  const stored = routeText({ ...UPSTREAM, upstreamTls: { ca: files.at("two.pem") } });
  expect(await flow.view.putDocument("stored", stored)).toMatchObject({ stored: true });
  await writeFile(files.at("one.pem"), pemOf("chained.pem"));
  await eventually(async () => (await codes()).length === 1);
  await writeFile(files.at("two.pem"), pemOf("chained.key"));
  await chmod(files.at("two.pem"), 0o600);
  await eventually(async () => (await codes()).length === 2);
  expect((await codes()).toSorted()).toEqual(["tls/key-as-certificate", "tls/no-authority"]);
});

test("a document with a certificate that cannot be read is refused, and changes nothing", async () => {
  await using flow = await startFlow({});
  const text = routeText({ ...UPSTREAM, upstreamTls: { ca: join(flow.directory, "nowhere.pem") } });
  const refused = await flow.view.putDocument("db", text);
  expect(refused).toMatchObject({ stored: false, diagnostics: [{ code: "tls/file-missing", file: "document:db" }] });
});
