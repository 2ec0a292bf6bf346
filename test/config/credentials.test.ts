import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { chmod, copyFile, rm } from "node:fs/promises";

import { CredentialStore } from "../../src/config/credentials.ts";
import type { RouteResource } from "../../src/resource/route.ts";
import { credentialRoute } from "../support/credential-routes.ts";
import { ALL, createScene, GOOD, identityOf, IDENTITY, told, TRUST, trustOf } from "../support/credential-scene.ts";
import { pemOf, X509_FIXTURES } from "../support/pem.ts";

test("a certificate with its chain and key becomes an identity in one form of PEM", async () => {
  await using scene = await createScene(GOOD);
  const text = `Bag Attributes\r\n${pemOf("chained.pem").replaceAll("\n", "\r\n")}\nissued by\n${pemOf("intermediate.pem")}`;
  await scene.put("db.crt", text);
  const reading = await scene.load(await scene.route(IDENTITY));
  expect(told(reading)).toEqual([]);
  const { certificate = "", key, notBeforeMs, notAfterMs } = identityOf(reading) ?? {};
  expect(certificate).toBe(pemOf("chained.pem") + pemOf("intermediate.pem"));
  expect(key).toBe(pemOf("chained.key"));
  const theirs = new X509Certificate(certificate);
  expect(notBeforeMs).toBe(Date.parse(theirs.validFrom));
  expect(notAfterMs).toBe(Date.parse(theirs.validTo));
});

test("authorities and their lists become one text each", async () => {
  await using scene = await createScene(GOOD);
  await scene.put("ca.pem", pemOf("root.pem") + pemOf("intermediate.pem") + pemOf("root.pem"));
  await scene.put("ca.crl", pemOf("root.crl") + pemOf("intermediate.crl"));
  const reading = await scene.load(await scene.route(TRUST));
  expect(told(reading)).toEqual([]);
  expect(trustOf(reading)).toEqual({
    ca: [pemOf("root.pem"), pemOf("intermediate.pem")],
    crl: [pemOf("root.crl"), pemOf("intermediate.crl")],
  });
});

for (const name of ["names", "root", "p521", "ed25519"]) {
  test(`keys of every supported kind are taken: ${name}`, async () => {
    await using scene = await createScene({ "db.crt": `${name}.pem`, "db.key": `${name}.key` });
    const reading = await scene.load(await scene.route(IDENTITY));
    expect(told(reading)).toEqual([]);
    expect(identityOf(reading)?.certificate).toBe(pemOf(`${name}.pem`));
  });
}

test("certificate and key may be in one file", async () => {
  await using scene = await createScene();
  await scene.put("both.key", pemOf("chained.key") + pemOf("chained.pem"));
  const reading = await scene.load(await scene.route("tls: {certificate: both.key, key: both.key}"));
  expect(told(reading)).toEqual([]);
  expect(identityOf(reading)?.key).toBe(pemOf("chained.key"));
});

function indent(text: string): string {
  return text.replaceAll(/^/gm, "    ");
}

/** A route with both texts in it. */
function inlineRoute(file: string, key: string): Promise<RouteResource> {
  const yaml = `tls:\n  certificate: |\n${indent(pemOf("chained.pem"))}\n  key: |\n${indent(pemOf(key))}\n`;
  return credentialRoute(file, yaml);
}

test("texts in the route itself are judged like files, and need no directory", async () => {
  await using scene = await createScene();
  const good = await inlineRoute("document:db", "chained.key");
  const wrong = await inlineRoute("document:other", "other.key");
  const reading = await scene.load(good, wrong);
  expect(reading.diagnostics.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`)).toEqual([
    "document:other:16:8 tls/key-mismatch",
  ]);
  expect([...reading.failing]).toEqual(["document:other"]);
  expect(reading.credentials.identities.size).toBe(1);
});

test("a relative path is relative to the directory of the route's file, an absolute one to nothing", async () => {
  await using scene = await createScene({ "certs/db.crt": "chained.pem", "certs/db.key": "chained.key" });
  const relative = await scene.load(
    await scene.route("tls: {certificate: certs/db.crt, key: ./certs/../certs/db.key}"),
  );
  expect(told(relative)).toEqual([]);
  const absolute = `tls: {certificate: "${scene.files.at("certs/db.crt")}", key: "${scene.files.at("certs/db.key")}"}`;
  expect(told(await scene.load(await credentialRoute("document:db", absolute)))).toEqual([]);
});

test("a relative path in a route that is in no directory is a mistake of that route", async () => {
  await using scene = await createScene(GOOD);
  const reading = await scene.load(await credentialRoute("document:db", IDENTITY));
  expect(told(reading)).toEqual(["1:20 error tls/relative-path", "1:33 error tls/relative-path"]);
  expect(reading.diagnostics[0]?.hint).toBe("Write an absolute path, or the text in PEM itself");
  expect(identityOf(reading)).toBeUndefined();
  expect([...reading.failing]).toEqual(["document:db"]);
});

test("a signature that clients refuse is a warning", async () => {
  await using scene = await createScene(GOOD);
  // The key of weak.pem is too weak, so its certificate is looked at behind another one.
  await scene.put("db.crt", pemOf("chained.pem") + pemOf("weak.pem"));
  const reading = await scene.load(await scene.route(IDENTITY));
  expect(told(reading)).toContain("1:20 warning tls/weak-signature");
});

test("a key file that others can read is a notice", async () => {
  await using scene = await createScene(GOOD);
  for (const mode of [0o640, 0o604]) {
    await chmod(scene.files.at("db.key"), mode);
    expect(told(await scene.load(await scene.route(IDENTITY)))).toEqual(["1:33 notice tls/key-exposed"]);
  }
  await chmod(scene.files.at("db.key"), 0o400);
  expect(told(await scene.load(await scene.route(IDENTITY)))).toEqual([]);
});

test("time alone makes warnings: not yet valid, soon over, over; the certificate is used all the same", async () => {
  await using scene = await createScene(GOOD);
  const route = await scene.route(IDENTITY);
  const { notBeforeMs = 0, notAfterMs = 0 } = identityOf(await scene.load(route)) ?? {};
  const day = 86_400_000;
  const cases: readonly (readonly [number, readonly string[]])[] = [
    [notBeforeMs - 1, ["1:20 warning tls/not-yet-valid"]],
    [notBeforeMs, []],
    [notAfterMs - 14 * day, []],
    [notAfterMs - 14 * day + 1, ["1:20 warning tls/expires-soon"]],
    [notAfterMs, ["1:20 warning tls/expires-soon"]],
    [notAfterMs + 1, ["1:20 warning tls/expired"]],
  ];
  for (const [nowMs, expected] of cases) {
    scene.nowMs = nowMs;
    const reading = await scene.load(route);
    expect(told(reading)).toEqual(expected);
    expect(reading.failing.size).toBe(0);
    expect(identityOf(reading)).toBeDefined();
  }
});

test("what was read before is still said to be over while it goes on", async () => {
  await using scene = await createScene(GOOD);
  const route = await scene.route(IDENTITY);
  scene.nowMs = (identityOf(await scene.load(route))?.notAfterMs ?? 0) + 1;
  await rm(scene.files.at("db.crt"));
  expect(told(await scene.load(route))).toEqual(["1:20 warning tls/expired", "1:20 error tls/file-missing"]);
});

test("what did not change is the very same as before, and what did is not", async () => {
  await using scene = await createScene(GOOD);
  const first = await scene.load(await scene.route(ALL));
  // The same content under a new inode, of a route that was read again.
  for (const [name, from] of Object.entries(GOOD)) {
    await rm(scene.files.at(name));
    await copyFile(`${X509_FIXTURES}/${from}`, scene.files.at(name));
    await chmod(scene.files.at(name), 0o600);
  }
  const second = await scene.load(await scene.route(ALL));
  expect(identityOf(second)).toBe(identityOf(first));
  expect(trustOf(second)).toBe(trustOf(first));
  await scene.copy("names.pem", "db.crt");
  await scene.copy("names.key", "db.key");
  const third = await scene.load(await scene.route(ALL));
  expect(identityOf(third)?.certificate).toBe(pemOf("names.pem"));
  expect(trustOf(third)).toBe(trustOf(first));
});

test("a certificate that is renewed file by file goes over when both are there", async () => {
  await using scene = await createScene(GOOD);
  const route = await scene.route(IDENTITY);
  const before = await scene.load(route);
  await scene.copy("names.pem", "db.crt");
  const between = await scene.load(route);
  expect(told(between)).toEqual(["1:33 error tls/key-mismatch"]);
  expect(identityOf(between)).toBe(identityOf(before));
  await scene.copy("names.key", "db.key");
  const after = await scene.load(route);
  expect(told(after)).toEqual([]);
  expect(identityOf(after)?.certificate).toBe(pemOf("names.pem"));
});

test("what was read is good only when it was accepted", async () => {
  await using scene = await createScene(GOOD);
  const route = await scene.route(IDENTITY);
  expect(identityOf(await scene.read(route))).toBeDefined();
  await rm(scene.files.at("db.key"));
  const reading = await scene.read(route);
  expect(identityOf(reading)).toBeUndefined();
  expect(reading.failing.size).toBe(1);
});

test("what no route refers to any more is forgotten", async () => {
  await using scene = await createScene(GOOD);
  const route = await scene.route(IDENTITY);
  await scene.load(route);
  await scene.load();
  await rm(scene.files.at("db.key"));
  expect(identityOf(await scene.load(route))).toBeUndefined();
});

test("a pair is kept only for routes that name both of its files", async () => {
  await using scene = await createScene({ ...GOOD, "other.key": "other.key" });
  await scene.load(await scene.route(IDENTITY));
  const reading = await scene.load(await scene.route("tls: {certificate: db.crt, key: other.key}"));
  expect(told(reading)).toEqual(["1:33 error tls/key-mismatch"]);
  expect(identityOf(reading)).toBeUndefined();
});

test("routes that name the same files share what is made of them, and are told of its mistakes each", async () => {
  await using scene = await createScene(GOOD);
  const routes = await Promise.all([scene.route(IDENTITY), scene.route(`\n${IDENTITY}`)]);
  const { credentials } = await scene.load(...routes);
  expect(credentials.identities.size).toBe(2);
  expect(new Set(credentials.identities.values()).size).toBe(1);
  await rm(scene.files.at("db.crt"));
  expect(told(await scene.load(...routes))).toEqual(["1:20 error tls/file-missing", "2:20 error tls/file-missing"]);
});

test("every path is watched, whether there is something or not", async () => {
  await using scene = await createScene(GOOD);
  await rm(scene.files.at("ca.crl"));
  const session = scene.store.begin();
  await session.read([await scene.route(ALL)], new Set([scene.routeFile]));
  const paths = ["db.crt", "db.key", "ca.pem", "ca.crl"].map((name) => scene.files.at(name));
  expect([...session.watched.keys()]).toEqual(paths);
  expect(session.watched.get(scene.files.at("ca.crl"))).toBe("ENOENT");
});

test("without reading files, only texts and relative paths are judged", async () => {
  const store = new CredentialStore({ readFiles: false });
  const session = store.begin();
  const elsewhere = await credentialRoute("a.yaml", "tls: {certificate: /etc/db.crt, key: /etc/db.key}");
  const relative = await credentialRoute("b.yaml", IDENTITY);
  const inline = await credentialRoute("c.yaml", `upstreamTls: {ca: ${JSON.stringify(pemOf("chained.pem"))}}`);
  const reading = await session.read([elsewhere, relative, inline], new Set());
  expect(reading.diagnostics.map(({ file, code }) => `${file} ${code}`)).toEqual([
    "b.yaml tls/relative-path",
    "b.yaml tls/relative-path",
    "c.yaml tls/no-authority",
  ]);
  expect([...reading.failing]).toEqual(["b.yaml", "c.yaml"]);
  expect(identityOf(reading)).toBeDefined();
  expect(session.watched.size).toBe(0);
});
