// TCPAddress: what it means, and what is said about a mistake. « is where something is said.

import { describe, expect, test } from "bun:test";
import { decodeText, expectTold, manifest, written } from "../../support/written-manifest.ts";

const VERSION = "sallyport.dev/v1alpha1";

function tcpAddress(spec: string): string {
  return written(VERSION, "TCPAddress", spec);
}

describe("a TCPAddress", () => {
  test("says which address, and what is to be known of it", async () => {
    const text = tcpAddress("host: db.example.com\nport: 25432\ndescription: The orders database\nmetadata: '{}'");
    expect(await manifest("TCPAddress", text)).toMatchObject({
      apiVersion: VERSION,
      metadata: { name: "it", namespace: "default" },
      spec: { host: "db.example.com", port: 25_432, description: "The orders database", metadata: "{}" },
    });
  });

  test.each([
    ["an empty spec", tcpAddress("{}")],
    ["no spec", `apiVersion: ${VERSION}\nkind: TCPAddress\nmetadata: {name: it}\n`],
    ["nothing but nulls", tcpAddress("host: null\nport: null\ndescription: null\nmetadata: null")],
  ])("may say nothing at all: %s", async (_what, text) => {
    expect((await manifest("TCPAddress", text)).spec).toEqual({});
  });

  test.each([
    ["port 1", "port: 1"],
    ["port 65535", "port: 65535"],
    ["no description", 'description: ""'],
    ["255 characters", `description: "${"é".repeat(255)}"`],
    ["4096 bytes", `metadata: "${"é".repeat(2048)}"`],
  ])("may have %s", async (_what, spec) => {
    await manifest("TCPAddress", tcpAddress(spec));
  });

  test.each([
    ["port 0", "port: «0", "bad-port"],
    ["port 65536", "port: «65536", "bad-port"],
    ["a port in quotes", 'port: «"20000"', "bad-port"],
    ["a range of ports", 'port: «"20000-20001"', "bad-port"],
    ["a host in upper case", "host: «DB.example.com", "bad-hostname"],
    ["a pattern as host", 'host: «"*.example.com"', "bad-hostname"],
    ["a host of 254 characters", `host: «${"a.".repeat(126)}aa`, "bad-hostname"],
    ["an empty host", 'host: «""', "bad-hostname"],
    ["256 characters of description", `description: «"${"é".repeat(256)}"`, "bad-description"],
    ["a description that is no text", "description: «5", "bad-description"],
    ["4097 bytes of metadata", `metadata: «"a${"é".repeat(2048)}"`, "bad-metadata"],
    ["metadata that is no text", "metadata: «{a: b}", "bad-metadata"],
    ["ngrok's region", "«region: eu", "misplaced-key"],
    ["an address in one", '«addr: "localhost:20000"', "misplaced-key"],
    ["an unknown key", "«prot: 5", "unknown-key"],
    ["a list", "«[]", "wrong-type"],
  ])("with %s is refused there", async (_what, spec, code) => {
    const { manifests } = await expectTold(tcpAddress(spec), `tcpaddress/${code}`);
    expect(manifests).toEqual([]);
  });

  test("of another version or group is told what to write", async () => {
    const { diagnostics } = await decodeText(tcpAddress("{}").replace("v1alpha1", "v1"));
    expect(diagnostics.map(({ code, hint }) => [code, hint])).toEqual([
      ["manifest/unknown-version", `Write "apiVersion: ${VERSION}"`],
    ]);
    const other = await decodeText(tcpAddress("{}").replace(VERSION, "gateway.networking.k8s.io/v1"));
    expect(other.diagnostics.map(({ code }) => code)).toEqual(["manifest/wrong-group"]);
  });
});
