import { describe, expect, test } from "bun:test";
import { parseIp } from "../../../src/base/ip.ts";
import { choosePlain, chooseTls } from "../../../src/engine/hello/choose.ts";
import type { ListenerPlan } from "../../../src/plan/plan.ts";
import { chooseRoutes, type PlayedClient } from "../../support/choose-route.ts";
import { Random } from "../../support/random.ts";
import { passthrough, TlsScene } from "../../support/tls-routes.ts";

/** The same by the code of the data path. */
function chosen(listener: ListenerPlan, { address, tls }: PlayedClient): readonly string[] {
  const ip = parseIp(address);
  const nameOf = (index: number) => listener.entries[index]?.route ?? "";
  const match = listener.hello?.tls;
  if (tls === undefined || match === undefined) {
    const index = choosePlain(listener, ip);
    return index === -1 ? [] : [nameOf(index)];
  }
  return chooseTls(match, tls.name, tls.alpn ?? [], ip).map(nameOf);
}

function scene(): ListenerPlan {
  const routes = new TlsScene();
  const { plan } = routes.compile([
    routes.route("plain", {}),
    routes.route("office", { sources: ["10.0.0.0/8"] }),
    routes.route("db", { tls: passthrough("db.example.com") }),
    routes.route("db-office", { tls: passthrough("db.example.com"), sources: ["10.0.0.0/8", "2001:db8::/32"] }),
    routes.route("db-pg", { tls: passthrough("db.example.com"), alpn: ["postgresql"] }),
    routes.route("wild", { tls: passthrough("*.example.com"), sources: ["192.0.2.0/24"] }),
    routes.route("rest", { tls: passthrough(), alpn: ["h2"] }),
  ]);
  const [listener] = plan.listeners;
  if (listener === undefined || plan.listeners.length !== 1) throw new Error("Expected one listener");
  return listener;
}

const LISTENER = scene();
const NAMES = [undefined, "db.example.com", "web.example.com", "a.b.example.com", "example.com", "example.org"];
const ALPN = [[], ["h2"], ["postgresql"], ["x", "postgresql", "h2"], ["h2", "postgresql"]];
const ADDRESSES = ["10.1.2.3", "192.0.2.9", "203.0.113.1", "2001:db8::1", "2001:db9::1"];

describe("choosing", () => {
  test.each([
    ["10.1.2.3", undefined, "office"],
    ["203.0.113.1", undefined, "plain"],
    ["10.1.2.3", { name: "db.example.com" }, "db-office"],
    ["203.0.113.1", { name: "db.example.com" }, "db"],
    ["10.1.2.3", { name: "db.example.com", alpn: ["x", "postgresql"] }, "db-pg"],
    ["192.0.2.9", { name: "web.example.com" }, "wild"],
    // Who is outside of what the most specific name wants gets nothing else.
    ["203.0.113.1", { name: "web.example.com" }, undefined],
    ["203.0.113.1", { name: "example.org" }, undefined],
    ["203.0.113.1", { name: "example.org", alpn: ["h2"] }, "rest"],
    ["203.0.113.1", { alpn: ["h2"] }, "rest"],
  ] as const)("%s as %j gets %s", (address, tls, wanted) => {
    const client = tls === undefined ? { address } : { address, tls };
    expect(chosen(LISTENER, client)).toEqual(wanted === undefined ? [] : [wanted]);
  });

  test("says the same as the reference for everybody", () => {
    for (const address of ADDRESSES) {
      expect(chosen(LISTENER, { address })).toEqual(chooseRoutes(LISTENER, { address }));
      for (const name of NAMES) {
        for (const alpn of ALPN) {
          const client = { address, tls: { ...(name === undefined ? {} : { name }), alpn } };
          expect([client, chosen(LISTENER, client)]).toEqual([client, chooseRoutes(LISTENER, client)]);
        }
      }
    }
  });

  test("says the same as the reference for random routes", () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed);
      const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)] as Item;
      const routes = new TlsScene();
      const written = Array.from({ length: 1 + random.below(6) }, (_, number) =>
        routes.route(`r${number}`, {
          ...(random.chance(4)
            ? {}
            : {
                tls: passthrough(
                  ...(random.chance(4) ? [] : [pick(["db.example.com", "*.example.com", "**.example.com"])]),
                ),
              }),
          sources: random.chance(3) ? ["10.0.0.0/8"] : [],
        }),
      );
      for (const listener of routes.compile(written).plan.listeners) {
        for (const address of ADDRESSES) {
          for (const name of NAMES) {
            const client = random.chance(3)
              ? { address }
              : { address, tls: { ...(name === undefined ? {} : { name }), alpn: pick(ALPN) } };
            expect([seed, client, chosen(listener, client)]).toEqual([seed, client, chooseRoutes(listener, client)]);
          }
        }
      }
    }
  });

  test("a client without an address is one of everybody else", () => {
    expect(choosePlain(LISTENER, undefined)).toBe(LISTENER.fallback);
    const match = LISTENER.hello?.tls;
    if (match === undefined) throw new Error("Expected tables for TLS clients");
    const indices = chooseTls(match, "db.example.com", [], undefined);
    expect(indices.map((index) => LISTENER.entries[index]?.route)).toEqual(["db"]);
    expect(chooseTls(match, "web.example.com", [], undefined)).toEqual([]);
  });
});
