import { expect, test } from "bun:test";
import { parse } from "yaml";
import { STATUS_MARK, statusFileName, statusFileText } from "../../src/app/status-file.ts";
import { sampleResource } from "../support/admin-view.ts";

function nameOf(kind: string, namespace: string, name: string): string {
  return statusFileName(sampleResource(kind, namespace, name));
}

test("a file is called by namespace, kind and name", () => {
  expect(nameOf("TCPRoute", "default", "orders")).toBe("default.tcproute.orders.yaml");
  expect(nameOf("GatewayClass", "", "sallyport")).toBe("_.gatewayclass.sallyport.yaml");
  expect(nameOf("Gateway", "infra-1", "a.b.c")).toBe("infra-1.gateway.a.b.c.yaml");
});

test("odd names lead nowhere else, and no two are the same where case does not count", () => {
  const long = "x".repeat(253);
  const odd = [
    "a",
    "A",
    "../a",
    "a/b",
    "a\\b",
    "a b",
    "a%41",
    "%41",
    "ä",
    "\u0000",
    "..",
    ".",
    "con",
    "💣",
    "",
    long,
    `${long}y`,
  ];
  const names = [
    ...odd.map((each) => nameOf("Gateway", "n", each)),
    ...odd.map((each) => nameOf("Gateway", each, "n")),
  ];
  for (const name of names) {
    expect(name).toMatch(/^[a-z0-9._%~-]+\.yaml$/);
    expect(name).not.toMatch(/^(?:\.|con\.)/);
    expect(name.length).toBeLessThan(256);
  }
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
});

test("a file begins with our mark and is the object as YAML", () => {
  const object = sampleResource("Gateway", "default", "front", { conditions: [{ type: "Accepted" }] });
  const text = statusFileText(object);
  expect(text).toStartWith(STATUS_MARK);
  expect(parse(text)).toEqual(object);
});
