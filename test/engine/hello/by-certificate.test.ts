import { describe, expect, test } from "bun:test";
import { admitsCertificate, pickByCertificate } from "../../../src/engine/hello/by-certificate.ts";
import type { BelievedCertificate } from "../../../src/engine/hello/client-certificate.ts";
import { Route, type RunningEntry } from "../../../src/engine/route.ts";
import type { RoutePlan } from "../../../src/plan/plan.ts";
import type { CertificateRule, TlsSpec } from "../../../src/resource/tls.ts";
import { idlePool } from "../../support/idle-pool.ts";
import { passthrough, TlsScene } from "../../support/tls-routes.ts";

const BILLING: BelievedCertificate = {
  dnsNames: ["billing.apps.example.com"],
  uris: [],
  emails: [],
  commonNames: ["billing"],
  organizations: ["Example"],
  sha256: "0".repeat(64),
  label: "billing",
};
const rule = (name: string): readonly CertificateRule[] => [{ commonNames: [name] }];

/** Routes as they run, in the order that the plan tries them. */
function entries(
  scene: TlsScene,
  routes: readonly { readonly tls?: TlsSpec; readonly clientCert?: readonly CertificateRule[] }[],
) {
  const { plan } = scene.compile(
    routes.map(({ tls, clientCert = [] }, number) =>
      scene.route(`r${number}`, { clientCert, ...(tls === undefined ? {} : { tls }) }),
    ),
  );
  const running = plan.routes.map((each: RoutePlan): RunningEntry => ({
    route: new Route(
      each,
      each.pools.map(({ pool }) => idlePool(plan, pool)),
    ),
    portOffset: 0,
  }));
  return running;
}

function nameOf(picked: RunningEntry | undefined): string | undefined {
  return picked?.route.plan.name;
}

/** Whether a route with this `tls` does. */
function admits(tls: TlsSpec | undefined, scene: TlsScene, certificate: BelievedCertificate | undefined): boolean {
  const [entry] = entries(scene, [tls === undefined ? {} : { tls }]);
  if (entry === undefined) throw new Error("There is no route");
  return admitsCertificate(entry, certificate);
}

describe("which route is a certificate's own", () => {
  const scene = new TlsScene();
  const tls = scene.terminate([], { clientAuth: scene.clientAuth() });
  const all = entries(scene, [{ tls, clientCert: rule("reporting") }, { tls, clientCert: rule("billing") }, { tls }]);

  test("the first one that it fits, or that asks for none", () => {
    expect(nameOf(pickByCertificate(all, BILLING))).toBe("r1");
    expect(nameOf(pickByCertificate(all, { ...BILLING, commonNames: ["other"] }))).toBe("r2");
  });

  test("without a certificate only one that asks for none", () => {
    expect(nameOf(pickByCertificate(all, undefined))).toBe("r2");
    expect(pickByCertificate(all.slice(0, 2), undefined)).toBeUndefined();
    expect(pickByCertificate([], BILLING)).toBeUndefined();
  });

  test("a rule without a name fits nobody", () => {
    const empty = entries(scene, [{ tls, clientCert: [{}] }]);
    expect(pickByCertificate(empty, BILLING)).toBeUndefined();
  });
});

describe("whether a certificate lets its client in", () => {
  test("a route that does not end TLS lets in nobody", () => {
    const scene = new TlsScene();
    for (const certificate of [BILLING, undefined]) {
      expect(admits(undefined, scene, certificate)).toBe(false);
      expect(admits(passthrough("a.example"), scene, certificate)).toBe(false);
    }
  });

  test.each([
    ["nothing is asked for", undefined, [], true, true],
    ["one is required", "require", [], true, false],
    ["one is requested", "request", [], true, true],
    ["one of a list is required", "require", rule("billing"), true, false],
    ["one of a list is requested", "request", rule("billing"), true, false],
    ["one of another list is requested", "request", rule("reporting"), false, false],
    ["one of another list is required", "require", rule("reporting"), false, false],
  ] as const)("where %s", (_, mode, allow, withOne, without) => {
    const scene = new TlsScene();
    const clientAuth = mode === undefined ? {} : { clientAuth: scene.clientAuth({ mode, allow }) };
    const tls = scene.terminate([], clientAuth);
    expect(admits(tls, scene, BILLING)).toBe(withOne);
    expect(admits(tls, scene, undefined)).toBe(without);
  });
});
