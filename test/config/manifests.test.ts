// Documents with `apiVersion` and `kind` in files: Lists, JSON, foreign kinds, what a mistake takes with it, and what is there
// twice.

import { describe, expect, test } from "bun:test";

import { PlanLoader } from "../../src/app/load.ts";
import { type Loaded, Loader } from "../../src/config/load.ts";
import type { SourceFile } from "../../src/config/source.ts";
import { keyOf } from "../../src/resource/manifest/manifest.ts";
import { decodeText, inPlace } from "../support/written-manifest.ts";

const SERVICE = service("db");
const BROKEN_SERVICE = service("broken").replace("5432", "0");
const POLICY = `apiVersion: sallyport.dev/v1alpha1
kind: ListenerPolicy
metadata: {name: closed}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}], allow: [nobody]}
`;

function service(name: string, more = ""): string {
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}${more}}\nspec: {ports: [{port: 5432}]}\n`;
}

type Texts = Readonly<Record<string, string>>;

/** Loads these files, and documents of the admin API. */
function load(loader: Loader, files: Texts, documents: Texts = {}): Promise<Loaded> {
  return loader.load({
    documents: sources(documents, "document:"),
    directories: [],
    embedded: sources(files),
  });
}

function sources(texts: Texts, prefix = ""): readonly SourceFile[] {
  return Object.entries(texts).map(([name, text]) => ({ file: prefix + name, text }));
}

function keysOf({ manifests }: Pick<Loaded, "manifests">): readonly string[] {
  return manifests.map(keyOf);
}

function told({ diagnostics }: Pick<Loaded, "diagnostics">): readonly string[] {
  return diagnostics.map((each) => `${each.file}:${inPlace(each)}`);
}

describe("a List", () => {
  test("has documents of their own in it, which know their places", async () => {
    const text = `apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- apiVersion: v1
  kind: Service
  metadata: {name: db}
  spec: {ports: [{port: 5432}]}
- apiVersion: v1
  kind: Service
  metadata: {name: other}
  spec: {ports: [{port: 0}]}
- {apiVersion: apps/v1, kind: Deployment}
`;
    const decoded = await decodeText(text);
    expect(keysOf(decoded)).toEqual(["Service/default/db", "Service/default/other"]);
    expect(decoded.diagnostics.map(inPlace)).toEqual([
      "12:25 error service/bad-port",
      "13:3 notice config/foreign-kind",
    ]);
    const [first] = decoded.manifests;
    expect(first?.origin.locate(["spec", "ports", 0, "port"])).toEqual({ line: 8, column: 25 });
    expect(first?.origin.locate([])).toEqual({ line: 5, column: 3 });
  });

  test("and a document may be JSON", async () => {
    const item = { apiVersion: "v1", kind: "Service", metadata: { name: "db" }, spec: { ports: [{ port: 5432 }] } };
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: [item] }, undefined, 2);
    expect(keysOf(await decodeText(list, "a.json"))).toEqual(["Service/default/db"]);
    expect(keysOf(await decodeText(JSON.stringify(item), "a.json"))).toEqual(["Service/default/db"]);
  });

  test.each([
    ["nothing in it", "items: []", []],
    ["null in it", "items:", []],
    ["no items", "itms: []", ["1:1 error list/missing-key"]],
    ["items that are none", "items: {a: b}", ["3:8 error list/wrong-type"]],
    ["a text in it", "items: [text]", ["3:9 error list/bad-item"]],
    ["a route in it", "items: [{listen: 1}]", ["3:9 error list/bad-item"]],
    ["another one in it", "items: [{apiVersion: v1, kind: List, items: []}]", ["3:9 error list/nested-list"]],
  ])("with %s", async (_what, items, expected) => {
    const { diagnostics, manifests } = await decodeText(`apiVersion: v1\nkind: List\n${items}\n`);
    expect(diagnostics.map(inPlace)).toEqual(expected);
    expect(manifests).toEqual([]);
  });

  test("that says something twice still closes what its policies would have", async () => {
    const policy = POLICY.trimEnd()
      .split("\n")
      .map((line) => `  ${line}`)
      .join("\n")
      .replace("  ", "- ");
    const { broken, diagnostics } = await decodeText(`kind: List\nkind: List\napiVersion: v1\nitems:\n${policy}\n`);
    expect(diagnostics.map(({ code }) => code)).toEqual(["yaml/duplicate-key"]);
    expect(broken).toMatchObject([
      { kind: "ListenerPolicy", name: "closed", targets: [{ kind: "Gateway", name: "edge" }] },
    ]);
  });
});

test("an old version is told once for each kind in a file", async () => {
  const kinds = ["TCPRoute", "TCPRoute", "UDPRoute"];
  const text = kinds.map((kind, index) => {
    const spec = { parentRefs: [{ name: "g" }], rules: [{ backendRefs: [{ name: "s", port: 1 }] }] };
    return JSON.stringify({
      apiVersion: "gateway.networking.k8s.io/v1alpha2",
      kind,
      metadata: { name: `r${index}` },
      spec,
    });
  });
  const { manifests, diagnostics } = await decodeText(text.join("\n---\n"));
  expect(manifests).toHaveLength(3);
  expect(diagnostics.map(inPlace)).toEqual(["1:15 notice manifest/old-version", "5:15 notice manifest/old-version"]);
});

test("foreign kinds are told once each in a file, and nothing is wrong", async () => {
  const deployment = "apiVersion: apps/v1\nkind: Deployment\n";
  const { diagnostics } = await decodeText(
    [deployment, deployment, SERVICE, "apiVersion: batch/v1\nkind: Job\n"].join("---\n"),
  );
  expect(diagnostics.map(inPlace)).toEqual(["1:1 notice config/foreign-kind", "12:1 notice config/foreign-kind"]);
});

describe("a file with a mistake", () => {
  test("that was never good takes part with its good manifests, what has to be closed, and no route", async () => {
    const route = 'listen: 5432\nbackends: ["b:1"]\nname: open\n';
    const loaded = await load(new Loader(), {
      "a.yaml": [SERVICE, BROKEN_SERVICE, POLICY, route].join("---\n"),
      "b.yaml": service("other"),
    });
    expect(keysOf(loaded)).toEqual(["Service/default/db", "Service/default/broken", "Service/default/other"]);
    expect(loaded.broken).toMatchObject([{ kind: "ListenerPolicy", name: "closed", file: "a.yaml" }]);
    expect(loaded.resources).toEqual([]);
  });

  test("that was good keeps that as a whole", async () => {
    const loader = new Loader();
    loader.accept(await load(loader, { "a.yaml": [SERVICE, service("old")].join("---\n") }), new Set());
    const loaded = await load(loader, { "a.yaml": [service("new"), BROKEN_SERVICE, POLICY].join("---\n") });
    expect(keysOf(loaded)).toEqual(["Service/default/db", "Service/default/old"]);
    expect(loaded.broken).toEqual([]);
    expect(told(loaded)).toEqual(["a.yaml:9:23 error service/bad-port", "a.yaml:14:93 error listenerpolicy/bad-cidr"]);
  });

  test("that is mended says what it says", async () => {
    const loader = new Loader();
    loader.accept(await load(loader, { "a.yaml": POLICY }), new Set());
    const loaded = await load(loader, { "a.yaml": POLICY.replace("nobody", "10.0.0.1") });
    expect([keysOf(loaded), loaded.broken]).toEqual([["ListenerPolicy/default/closed"], []]);
  });
});

/** Policies that are known of only by what they may be for. */
async function lost(text: string) {
  return (await decodeText(text)).broken.map(({ kind, namespace, targets }) => [kind, namespace, targets]);
}

describe("a document that is no YAML", () => {
  const LOST = `${POLICY.trimEnd()}, x: [\n`;

  test("closes what a policy in it may be for: everything in its namespace", async () => {
    const ofShop = LOST.replace("name: closed", "name: closed, namespace: shop");
    expect(await lost(LOST)).toEqual([["ListenerPolicy", "default", undefined]]);
    expect(await lost(`${SERVICE}---\n${ofShop}`)).toEqual([["ListenerPolicy", "shop", undefined]]);
    expect(keysOf(await decodeText(`${SERVICE}---\n${ofShop}---\n${service("x")}`))).toContain("Service/default/db");
  });

  test("closes it too when it is too deep or too large to be read", async () => {
    expect(await lost(`${POLICY}---\n${POLICY.trimEnd()}\nstatus: ${"[".repeat(500)}`)).toContainEqual([
      "ListenerPolicy",
      "default",
      undefined,
    ]);
    const many = `- &a [${"x,".repeat(999)}]\n- &b [${"*a,".repeat(999)}]\n- [${"*b,".repeat(999)}]`;
    const bomb = `${POLICY.trimEnd()}\nstatus:\n${many}\n`;
    expect(await lost(bomb)).toContainEqual(["ListenerPolicy", "default", undefined]);
  });

  test("with no policy in it closes nothing", async () => {
    expect(await lost(`${SERVICE.trimEnd()}\nx: [\n`)).toEqual([]);
  });
});

describe("an object that is there twice", () => {
  test("is the first of them, and the other one is an error where it has its name", async () => {
    const loaded = await load(new Loader(), {
      "a.yaml": SERVICE,
      "b.yaml": `${service("x")}---\n${SERVICE}---\n${service("db", ", namespace: other")}`,
    });
    expect(keysOf(loaded)).toEqual(["Service/default/db", "Service/default/x", "Service/other/db"]);
    expect(loaded.manifests[0]?.origin.file).toBe("a.yaml");
    expect(told(loaded)).toEqual(["b.yaml:8:18 error manifest/duplicate"]);
    expect(loaded.diagnostics[0]?.message).toContain("a.yaml:3");
    expect(loaded.duplicating).toEqual(new Set(["b.yaml"]));
  });

  test("in one file is told like one in two", async () => {
    expect(told(await load(new Loader(), { "a.yaml": `${SERVICE}---\n${SERVICE}` }))).toEqual([
      "a.yaml:8:18 error manifest/duplicate",
    ]);
  });

  test("is a document's rather than a file's, which is only warned", async () => {
    const loaded = await load(new Loader(), { "a.yaml": SERVICE }, { mine: SERVICE });
    expect(loaded.manifests.map(({ origin }) => origin.file)).toEqual(["document:mine"]);
    expect(told(loaded)).toEqual(["a.yaml:3:18 warning manifest/overridden"]);
    expect(loaded.duplicating.size).toBe(0);
  });

  test("in two documents is a mistake of the later one", async () => {
    const loaded = await load(new Loader(), {}, { mine: SERVICE, yours: SERVICE });
    expect(told(loaded)).toEqual(["document:yours:3:18 error manifest/duplicate"]);
  });

  test("is the one that was there before, whatever the other's file is called", async () => {
    const loader = new Loader();
    loader.accept(await load(loader, { "b.yaml": SERVICE }), new Set());
    for (const _again of [1, 2]) {
      const loaded = await load(loader, { "a.yaml": SERVICE, "b.yaml": SERVICE });
      expect(loaded.manifests.map(({ origin }) => origin.file)).toEqual(["b.yaml"]);
      expect(told(loaded)).toEqual(["a.yaml:3:18 error manifest/duplicate"]);
      expect(loaded.duplicating).toEqual(new Set(["a.yaml"]));
      loader.accept(loaded, loaded.duplicating);
    }
    const moved = await load(loader, { "a.yaml": SERVICE });
    expect([moved.manifests.map(({ origin }) => origin.file), told(moved)]).toEqual([["a.yaml"], []]);
  });

  test("puts its file back to what it was before", async () => {
    const loader = new PlanLoader();
    const embed = (texts: Texts) => loader.load({ documents: [], directories: [], embedded: sources(texts) });
    const before = await embed({ "a.yaml": SERVICE, "b.yaml": service("b") });
    before.accept();
    expect(before.manifestCount).toBe(2);
    const during = await embed({ "a.yaml": SERVICE, "b.yaml": [SERVICE, service("c"), service("d")].join("---\n") });
    during.accept();
    expect([during.manifestCount, during.diagnostics.map(inPlace)]).toEqual([2, ["3:18 error manifest/duplicate"]]);
    const after = await embed({ "b.yaml": [SERVICE, service("c"), service("d")].join("---\n") });
    expect([after.manifestCount, after.diagnostics]).toEqual([3, []]);
  });
});
