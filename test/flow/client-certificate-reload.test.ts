// What is believed may change while a client is at it: the latest word counts.

import { describe, expect, test } from "bun:test";
import { ONE, only, wants } from "../support/certificate-visits.ts";
import { freePort } from "../support/free-port.ts";
import { startHoldingRelay } from "../support/holding-relay.ts";
import { programPath, skipWithout } from "../support/installed.ts";
import { shows, tlsPath, tlsVisit } from "../support/tls-client.ts";
import { ends, passes, routeAt, startTlsFlow, untilNobodyIsThere } from "../support/tls-flow.ts";
import { lettered } from "../support/visit.ts";

describe("a reload in the middle of a handshake", () => {
  const version = only("TLSv1.3");
  const STEPS: readonly [what: string, before: object, after: object, shown: object, reason: string][] = [
    [
      "revokes the certificate",
      wants({ crl: tlsPath("clients/none.crl") }),
      wants({ crl: tlsPath("clients/revoked.crl") }),
      shows("revoked"),
      "client-cert-invalid",
    ],
    [
      "believes another authority",
      wants(),
      wants({ ca: tlsPath("stranger.pem") }),
      shows("client"),
      "client-cert-invalid",
    ],
    ["begins to want certificates", ends("one"), wants(), {}, "client-cert-invalid"],
    ["passes the name through", wants(), passes("one.example"), shows("client"), "denied-certificate"],
  ];
  test.each(STEPS)("that %s: is not missed", async (_, before, after, shown, reason) => {
    await using backend = await lettered("b");
    const port = freePort();
    await using flow = await startTlsFlow({ db: routeAt(port, backend, { ...before }) });
    await using relay = await startHoldingRelay(port);
    const visiting = tlsVisit(relay.port, { ...ONE, ...shown, ...version });
    await relay.holding;
    await flow.write("db.yaml", JSON.stringify(routeAt(port, backend, { ...after })));
    await flow.reload();
    relay.release();
    expect(await visiting).not.toBe("b");
    expect(await flow.log.record()).toMatchObject({ reason, route: "db", backend: undefined });
    expect(backend.peers).toEqual([]);
    await untilNobodyIsThere(flow);
  });

  test("that changes nothing about TLS lets it go on, on the new terms", async () => {
    await using backend = await lettered("b");
    await using other = await lettered("o");
    const port = freePort();
    await using flow = await startTlsFlow({ db: routeAt(port, backend, wants()) });
    await using relay = await startHoldingRelay(port);
    const visiting = tlsVisit(relay.port, { ...ONE, ...shows("client"), ...version });
    await relay.holding;
    await flow.write("db.yaml", JSON.stringify(routeAt(port, other, wants({ allow: { commonNames: ["billing"] } }))));
    await flow.reload();
    relay.release();
    expect(await visiting).toBe("o");
  });

  test("that takes the limits away: what was counted is given back", async () => {
    await using backend = await lettered("b");
    const port = freePort();
    const route = (limits: object) => routeAt(port, backend, { ...wants(), ...limits });
    await using flow = await startTlsFlow({ db: route({ limits: { perSource: 1 } }) });
    await using relay = await startHoldingRelay(port);
    const visiting = tlsVisit(relay.port, { ...ONE, ...shows("client"), ...version });
    await relay.holding;
    await flow.write("db.yaml", JSON.stringify(route({})));
    await flow.reload();
    relay.release();
    expect(await visiting).toBe("b");
    await untilNobodyIsThere(flow);
    await flow.write("db.yaml", JSON.stringify(route({ limits: { perSource: 1 } })));
    await flow.reload();
    expect(await tlsVisit(port, { ...ONE, ...shows("client") })).toBe("b");
  });
});

describe.skipIf(skipWithout("openssl"))("openssl s_client", () => {
  test("cannot renegotiate in TLS 1.2: what was agreed first is what counts", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, wants({ mode: "request" })) });
    const port = await flow.port("db");
    const argv = [programPath("openssl"), "s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2"];
    const options = { stdin: "pipe", stdout: "pipe", stderr: "pipe" } as const;
    const client = Bun.spawn([...argv, "-servername", "one.example"], options);
    await backend.peer();
    await client.stdin.write("R\n");
    await client.stdin.flush();
    const [said] = await Promise.all([client.stderr.text(), client.exited]);
    expect(said).toContain("RENEGOTIATING");
    expect(said).toContain("error:");
    // Not a byte of it went on.
    expect(backend.peers[0]?.received).toBe(0);
    await untilNobodyIsThere(flow);
  });
});
