// TCP addresses of a whole gateway: what is reserved by hand and what objects have, through loads and restarts.

import { expect, test } from "bun:test";
import * as v from "valibot";
import { AddressSchema } from "../../src/admin/address.ts";
import { expectConditions } from "../support/conformance-status.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { startFlow } from "../support/flow.ts";
import { freePort } from "../support/free-port.ts";
import { ManifestGateway, type ManifestOptions } from "../support/manifest-gateway.ts";

/** Ports that nobody binds here. */
const FEW: ManifestOptions = { tcpPorts: [{ firstPort: 20_000, lastPort: 20_002 }] };
const NAME = "TCPAddress default/db";
const Refusal = v.object({ error: v.object({ code: v.string(), message: v.string() }) });

function tcpAddress(name: string, spec: object = {}): string {
  return `${JSON.stringify({ apiVersion: "sallyport.dev/v1alpha1", kind: "TCPAddress", metadata: { name }, spec })}\n`;
}

/** The address of an object; empty when it has none. */
async function addressOf(gateway: ManifestGateway, name: string): Promise<string> {
  const found = await gateway.find("tcpaddress", "default", name);
  const { addr } = v.parse(v.looseObject({ addr: v.optional(v.string(), "") }), found?.status);
  return addr;
}

/** Reserves an address: what it is, or why not. */
async function reserve(gateway: ManifestGateway, wish: object = {}): Promise<string> {
  const answer = await gateway.ask("POST", "/api/v1/addresses", wish);
  const body: unknown = await answer.json();
  if (answer.ok) return v.parse(AddressSchema, body).addr;
  const { code, message } = v.parse(Refusal, body).error;
  return `${code}: ${message}`;
}

async function reserved(gateway: ManifestGateway) {
  const answer = await gateway.ask("GET", "/api/v1/addresses");
  return v.parse(v.object({ items: v.array(AddressSchema) }), await answer.json()).items;
}

test("a TCPAddress has the same address through loads, a kill and other objects, until it is gone", async () => {
  await using gateway = await ManifestGateway.start({ "db.yaml": tcpAddress("db") }, FEW);
  await expectConditions(gateway, NAME, "Accepted=True/Accepted", "Ready=True/Ready");
  const before = await addressOf(gateway, "db");
  expect(before).toMatch(/^localhost:2000[0-2]$/);
  await gateway.apply("a.yaml", tcpAddress("a"));
  await gateway.apply("db.yaml", tcpAddress("db", { description: "Orders" }));
  expect(await addressOf(gateway, "db")).toBe(before);
  await gateway.kill();
  await gateway.startAgain();
  expect(await addressOf(gateway, "db")).toBe(before);
  // A file with a mistake is no reason to lose it, also across a restart.
  await gateway.apply("db.yaml", tcpAddress("db", { port: 0 }));
  await gateway.apply("b.yaml", tcpAddress("b"));
  await gateway.kill();
  await gateway.startAgain();
  await gateway.apply("c.yaml", tcpAddress("c"));
  await expectConditions(gateway, "TCPAddress default/c", "Accepted=False/RangeFull", "Ready=False/NotAccepted");
  await gateway.apply("db.yaml", tcpAddress("db"));
  expect(await addressOf(gateway, "db")).toBe(before);
  // What is gone is free.
  await gateway.remove("db.yaml");
  expect(await addressOf(gateway, "c")).toBe(before);
}, 30_000);

test("what is reserved by hand and what objects have never meet, and who is refused gets it when it is free", async () => {
  await using gateway = await ManifestGateway.start({ "db.yaml": tcpAddress("db", { port: 20_000 }) }, FEW);
  expect(await reserve(gateway, { port: 20_000 })).toBe(
    'address-taken: localhost:20000 is taken: TCPAddress "default/db" has it',
  );
  expect(await reserve(gateway, { port: 20_001 })).toBe("localhost:20001");
  const [{ id } = { id: "" }] = await reserved(gateway);
  const { diagnostics } = await gateway.apply("late.yaml", tcpAddress("late", { port: 20_001 }));
  expect(diagnostics.map(({ file, severity, code }) => `${file.split("/").at(-1)} ${severity} ${code}`)).toEqual([
    "late.yaml warning tcpaddress/address-taken",
  ]);
  const late = await expectConditions(
    gateway,
    "TCPAddress default/late",
    "Accepted=False/AddressTaken",
    "Ready=False/NotAccepted",
  );
  expect(late.status.conditions[0]?.message).toBe(`localhost:20001 is taken: address ${id} has it`);
  expect((await gateway.ask("DELETE", `/api/v1/addresses/${id}`)).status).toBe(200);
  expect(await addressOf(gateway, "late")).toBe("localhost:20001");
  expect(await gateway.diagnostics()).toEqual([]);
}, 30_000);

test("an address on whose port a route runs is nobody's by chance, and its route's by a TCPAddress", async () => {
  const port = freePort();
  const route = `listen: "127.0.0.1:${port}"\nbackends: ["127.0.0.1:1"]\n`;
  const only = { tcpPorts: [{ firstPort: port, lastPort: port }] };
  await using gateway = await ManifestGateway.start({ "web.yaml": route, "db.yaml": tcpAddress("db") }, only);
  await expectConditions(gateway, NAME, "Accepted=False/RangeFull", "Ready=False/NotAccepted");
  expect(await reserve(gateway)).toStartWith("range-full: ");
  expect(await reserve(gateway, { port })).toBe(
    `address-taken: localhost:${port} is taken: listener 127.0.0.1:${port} of route "web" has it`,
  );
  await gateway.apply("db.yaml", tcpAddress("db", { host: "localhost", port }));
  expect(await addressOf(gateway, "db")).toBe(`localhost:${port}`);
}, 30_000);

test("with other flags everything stays as it was, and is noted", async () => {
  await using gateway = await ManifestGateway.start({ "db.yaml": tcpAddress("db", { port: 20_000 }) }, FEW);
  expect(await reserve(gateway, { port: 20_002 })).toBe("localhost:20002");
  await gateway.kill();
  await gateway.startAgainWith({ tcpHosts: new Map([["other.test", undefined]]), tcpPorts: FEW.tcpPorts ?? [] });
  const note = '"localhost" is no host of TCP addresses: --tcp-host gives other.test; it stays reserved';
  const found = await expectConditions(gateway, NAME, "Accepted=True/Accepted", "Ready=False/HostNotFound");
  expect(found.status.conditions[1]?.message).toBe(note);
  expect((await reserved(gateway)).map((address) => [address.addr, address.note])).toEqual([["localhost:20002", note]]);
  expect(await reserve(gateway)).toBe("other.test:20001");
  expect(await reserve(gateway)).toStartWith("range-full: ");
}, 30_000);

test("a TCPAddress outside of what the flags give is refused where it is written", async () => {
  const files = {
    "host.yaml": tcpAddress("host", { host: "other.test" }),
    "port.yaml": tcpAddress("port", { port: 80 }),
  };
  await using gateway = await ManifestGateway.start(files, FEW);
  await expectConditions(gateway, "TCPAddress default/host", "Accepted=False/HostNotFound", "Ready=False/NotAccepted");
  await expectConditions(
    gateway,
    "TCPAddress default/port",
    "Accepted=False/PortOutOfRange",
    "Ready=False/NotAccepted",
  );
  const told = (await gateway.diagnostics()).map(({ severity, code }) => `${severity} ${code}`);
  expect(told).toEqual(["warning tcpaddress/host-not-found", "warning tcpaddress/port-out-of-range"]);
}, 30_000);

test("reserving is told in the log, and the load that follows only when it changes something", async () => {
  await using flow = await startFlow({});
  const before = flow.log.lines.length;
  const result = await flow.view.createAddress({ description: "secret" });
  if ("refusal" in result) throw new Error(result.refusal.message);
  await flow.view.updateAddress(result.address.id, { description: "other" });
  await flow.view.deleteAddress(result.address.id);
  const told = flow.log.lines.slice(before).filter(({ level }) => level !== "debug");
  expect(told.map(({ event }) => event)).toEqual(["address-created", "address-deleted"]);
  expect(JSON.stringify(told)).not.toContain("secret");
  expect((await flow.view.info()).lastReload).toMatchObject({ trigger: "address", result: "unchanged" });
});

test("what is asked for before the first load waits for it: nobody gets the port of a route that is not there yet", async () => {
  const port = freePort();
  const runtime = bunRuntime();
  const answers: Response[] = [];
  const serve: typeof runtime.serve = async (address, answer) => {
    const server = await runtime.serve(address, answer);
    const headers = { host: "localhost", authorization: "Bearer test-token", "content-type": "application/json" };
    answers.push(
      await answer(new Request("http://localhost/api/v1/addresses", { method: "POST", headers, body: "{}" })),
    );
    return server;
  };
  await using flow = await startFlow(
    { "web.yaml": { listen: `127.0.0.1:${port}`, backends: ["127.0.0.1:1"] } },
    { runtime: { ...runtime, serve }, tcpPorts: [{ firstPort: port, lastPort: port }] },
  );
  expect(await flow.port("web")).toBe(port);
  expect(answers.map(({ status }) => status)).toEqual([409]);
});
