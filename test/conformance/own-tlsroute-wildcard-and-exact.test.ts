// What upstream has no test for (TLSRoute's hostnames): the most specific name wins whatever the ages of its routes, and of routes with
// one name the oldest; of the others each says who has its clients.

import { expect } from "bun:test";
import { GOOD_LISTENER, GOOD_ROUTE, gatewayText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import {
  AWAY,
  documents,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  secretText,
  serverPair,
  serviceFor,
  startEchoServers,
  tlsTest,
} from "../support/conformance.ts";

/** Routes, the oldest first. */
const ROUTES = {
  wide: '"*.example.com"',
  narrow: '"*.app.example.com"',
  exact: "x.app.example.com",
  "late-wide": '"*.example.com"',
  "late-exact": "x.app.example.com, y.app.example.com",
};

const LISTENERS = {
  Terminate: [tlsListener("tls", 8443, "{name: shown}"), 3000],
  Passthrough: ["{name: tls, protocol: TLS, port: 8443, tls: {mode: Passthrough}}", 8443],
} as const;

function routeText(name: string, hostnames: string, day: number, port: number): string {
  return tlsRouteText(name, {
    parents: "{name: front}",
    meta: `, creationTimestamp: "2026-01-0${day}T00:00:00Z"`,
    hostnames,
    backends: `{name: ${name}, port: ${port}}`,
  });
}

tlsTest.each(Object.entries(LISTENERS))(
  "with %s the closest name wins, then the oldest route",
  async (_, [listener, port]) => {
    await using authority = await makeAuthority();
    const tls = await serverPair(authority, "*.example.com");
    const names = Object.keys(ROUTES);
    await using backends = await startEchoServers(names, { namespace: INFRA, tls });
    const host = loopbackHost();
    const files = Object.fromEntries(
      Object.entries(ROUTES).map(([name, hostnames], index) => [
        `${name}.yaml`,
        routeText(name, hostnames, index + 1, port),
      ]),
    );
    await using gateway = await ManifestGateway.start({
      "base.yaml": documents(NAMESPACES, backends.manifests, secretText(INFRA, "shown", tls)),
      "gateway.yaml": gatewayText("front", { host }, listener),
      ...files,
    });
    const ask = (servername: string): Promise<string> => serviceFor({ host, port: 8443 }, { servername });
    const asked = ["x.app.example.com", "y.app.example.com", "z.app.example.com", "app.example.com", "example.com"];
    const askAll = async (): Promise<readonly string[]> => {
      const answers: string[] = [];
      for (const servername of asked) answers.push(await ask(servername));
      return answers;
    };

    await expectListeners(gateway, `Gateway ${INFRA}/front`, {
      tls: { kinds: ["TLSRoute"], routes: 5, conditions: GOOD_LISTENER },
    });
    for (const name of names) {
      const lost = name === "late-wide" ? ["sallyport.dev/Serving=False/SupersededByOlderRoute"] : [];
      await expectParents(gateway, `TLSRoute ${INFRA}/${name}`, ["Gateway front", ...GOOD_ROUTE, ...lost]);
    }
    expect(await askAll()).toEqual(["exact", "late-exact", "narrow", "wide", AWAY]);

    await gateway.remove("exact.yaml");
    expect(await askAll()).toEqual(["late-exact", "late-exact", "narrow", "wide", AWAY]);
    await gateway.remove("wide.yaml");
    expect(await askAll()).toEqual(["late-exact", "late-exact", "narrow", "late-wide", AWAY]);
    await gateway.remove("late-exact.yaml");
    expect(await askAll()).toEqual(["narrow", "narrow", "narrow", "late-wide", AWAY]);
    await gateway.apply("exact.yaml", files["exact.yaml"] ?? "");
    expect(await ask("x.app.example.com")).toBe("exact");
  },
);
