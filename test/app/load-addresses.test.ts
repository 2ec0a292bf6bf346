// TCP addresses in one load with everything else: who gets what two ask for, and what nobody gets by chance.

import { expect, test } from "bun:test";
import { type LoadedPlan, PlanLoader } from "../../src/app/load.ts";
import { gateway, listenerSet, manifest, type Meta, tcp } from "../support/gateway-documents.ts";

const GATEWAY_API = {
  tcpHosts: new Map([["localhost", "127.0.0.1"]]),
  tcpPorts: [{ firstPort: 20_000, lastPort: 20_004 }],
};

function tcpAddress(name: string, spec: Readonly<Record<string, unknown>> = {}, meta?: Meta): string {
  return manifest("sallyport.dev/v1alpha1", "TCPAddress", name, { spec }, meta);
}

function load(loader: PlanLoader, text: string): Promise<LoadedPlan> {
  return loader.load({ documents: [], directories: [], embedded: [{ file: "a.yaml", text }] });
}

function portOf({ translation }: LoadedPlan, name: string): number | undefined {
  return translation.addresses.of(`TCPAddress/default/${name}`)?.port;
}

test("of two that come together the older one gets the port, and is not asked to give it back", async () => {
  const loader = new PlanLoader({ gatewayApi: GATEWAY_API });
  const both = tcpAddress("a", { port: 20_000 }, { day: 2 }) + tcpAddress("b", { port: 20_000 }, { day: 1 });
  const first = await load(loader, both);
  expect([portOf(first, "a"), portOf(first, "b")]).toEqual([undefined, 20_000]);
  expect(first.diagnostics.map(({ code, message }) => `${code}: ${message}`)).toEqual([
    'tcpaddress/address-taken: localhost:20000 is taken: TCPAddress "default/b" has it',
  ]);
  first.accept();
  const later = await load(loader, tcpAddress("c", { port: 20_000 }, { day: 1 }) + both);
  expect([portOf(later, "c"), portOf(later, "b")]).toEqual([undefined, 20_000]);
});

test("a port that the same load listens on is nobody's by chance, in every dialect", async () => {
  const front = gateway("front", [tcp("a", 20_002)], { allowedListeners: { namespaces: { from: "Same" } } });
  const set = listenerSet("more", "front", [tcp("b", 20_003)]);
  const route = '---\nname: r\nlisten: 20000-20001\nbackends: ["10.0.0.1:1"]\n';
  const loaded = await load(new PlanLoader({ gatewayApi: GATEWAY_API }), tcpAddress("a") + front + set + route);
  expect(portOf(loaded, "a")).toBe(20_004);
});
