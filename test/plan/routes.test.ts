import { expect, test } from "bun:test";

import { EVERYBODY } from "../../src/resource/route.ts";
import { pattern, TlsScene } from "../support/tls-routes.ts";

test("what a route says of TLS, client certificates and PROXY headers is in its plan, with the certificates themselves", () => {
  const scene = new TlsScene();
  const clientCert = [{ dnsNames: [pattern("*.apps.b")] }];
  const allow = [{ organizations: ["Acme"] }];
  const { plan, told } = scene.compile([
    scene.route("db", {
      tls: scene.terminate(["db.b", "*.b", "*"], {
        minVersion: "1.3",
        alpn: ["postgresql"],
        clientAuth: scene.clientAuth({ mode: "request", allow }),
      }),
      alpn: ["postgresql"],
      clientCert,
      protocol: "postgres",
      proxyAccept: { from: EVERYBODY, versions: "v2" },
      pool: {
        proxySend: 1,
        upstreamTls: {
          trust: scene.trust("internal"),
          serverName: "db.internal",
          identity: scene.identity("gw"),
          insecure: false,
        },
      },
    }),
  ]);
  expect(told).toEqual([]);
  const [route] = plan.routes;
  expect(route).toMatchObject({
    hostnames: ["db.b", "*.b", "*"],
    alpn: ["postgresql"],
    clientCert,
    protocol: "postgres",
    proxyAccept: { versions: "v2" },
  });
  expect(route?.tls).toEqual({
    mode: "terminate",
    identity: { certificate: "own", key: "key of own", notBeforeMs: 0, notAfterMs: 1 },
    minVersion: "1.3",
    alpn: ["postgresql"],
    clientAuth: { trust: { ca: ["ca"], crl: [] }, mode: "request", allow },
  });
  expect(plan.pools[0]).toMatchObject({ proxySend: 1 });
  expect(plan.pools[0]?.upstreamTls).toEqual({
    trust: { ca: ["internal"], crl: [] },
    serverName: "db.internal",
    identity: { certificate: "gw", key: "key of gw", notBeforeMs: 0, notAfterMs: 1 },
    insecure: false,
  });
  expect(structuredClone(plan)).toEqual(plan);
});

test("what a route does not say is not in its plan", () => {
  const scene = new TlsScene();
  const { plan } = scene.compile([
    scene.route("db", { tls: scene.terminate(), pool: { upstreamTls: { insecure: true } } }),
  ]);
  const [route] = plan.routes;
  expect(Object.keys(route ?? {})).toEqual(["name", "file", "line", "pools", "protocol", "tls", "timeouts", "limits"]);
  expect(Object.keys(route?.tls ?? {})).toEqual(["mode", "identity", "minVersion", "alpn"]);
  expect(plan.pools[0]).not.toHaveProperty("proxySend");
  expect(plan.pools[0]?.upstreamTls).toEqual({ insecure: true });
});
