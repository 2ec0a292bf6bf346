// TCP addresses on the executable: what is reserved, and what objects have, outlives kill -9; scripts for ngrok's API find theirs.

import { afterAll, beforeAll, expect, test } from "bun:test";
import * as v from "valibot";
import { type BinaryBench, type RunningBinary, shippedBinary } from "../support/binary.ts";

const FLAGS = ["--routes", "routes", "--tcp-host", "db.test=127.0.0.1", "--tcp-ports", "20000-20002"];
const OBJECT = { apiVersion: "sallyport.dev/v1alpha1", kind: "TCPAddress", metadata: { name: "db" } };

const Listed = v.object({ items: v.array(v.object({ id: v.string(), addr: v.string() })) });
const Shown = v.object({ status: v.object({ addr: v.string() }) });
const NgrokList = v.object({
  reserved_addrs: v.array(v.object({ id: v.string(), addr: v.string(), uri: v.string() })),
});

let bench: BinaryBench;

beforeAll(async () => {
  bench = await shippedBinary();
});

afterAll(() => bench[Symbol.asyncDispose]());

async function listed(gateway: RunningBinary): Promise<v.InferOutput<typeof Listed>["items"]> {
  return v.parse(Listed, JSON.parse((await gateway.cli("address", "list", "--json")).out)).items;
}

async function addressOf(gateway: RunningBinary, name: string): Promise<string> {
  const { out } = await gateway.cli("resources", "tcpaddress", name, "-o", "json");
  return v.parse(Shown, JSON.parse(out)).status.addr;
}

test("addresses are reserved, listed and given back, and outlive kill -9", async () => {
  const place = await bench.place();
  await place.write("db.yaml", OBJECT);
  let object: string;
  let created: string;
  {
    await using gateway = await place.start(FLAGS);
    object = await addressOf(gateway, "db");
    const made = await gateway.cli("address", "create", "--description", "PostgreSQL");
    expect({ code: made.code, err: made.err }).toEqual({ code: 0, err: "" });
    created = made.out.trim();
    expect(created).toMatch(/^db\.test:2000[0-2]$/);
    expect(created).not.toBe(object);
    gateway.signal("SIGKILL");
    await gateway.ended();
  }
  await using again = await place.start(FLAGS);
  expect(await addressOf(again, "db")).toBe(object);
  expect((await listed(again)).map(({ addr }) => addr)).toEqual([created]);
  const taken = await again.cli("address", "create", "--port", object.split(":")[1] ?? "");
  expect([taken.code, taken.out]).toEqual([1, ""]);
  expect(taken.err).toContain(`${object} is taken: TCPAddress "default/db" has it`);
  const [{ id } = { id: "" }] = await listed(again);
  const uri = `http://${again.admin}/reserved_addrs`;
  const ngrok = await fetch(uri, { headers: { "ngrok-version": "2" } });
  expect(v.parse(NgrokList, await ngrok.json()).reserved_addrs).toEqual([{ id, addr: created, uri: `${uri}/${id}` }]);
  expect((await again.cli("address", "delete", created)).code).toBe(0);
  expect(await listed(again)).toEqual([]);
}, 30_000);
