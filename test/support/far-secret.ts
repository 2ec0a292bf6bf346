// A Gateway whose TLS listener shows a certificate of another namespace, as GatewaySecret… tests of conformance have it.

import { expect } from "bun:test";
import {
  askTls,
  type Authority,
  authorityPem,
  documents,
  type EchoServer,
  expectConditions,
  expectListeners,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  type Place,
  secretText,
  serverPair,
  startEchoServer,
  type TlsWish,
  tryTls,
  WEB_BACKEND,
} from "./conformance.ts";
import { GOOD_LISTENER, gatewayText, tlsListener, tlsRouteText } from "./conformance-manifests.ts";

export interface FarSecretScene extends AsyncDisposable {
  readonly gateway: ManifestGateway;
  /** The Gateway with the listener `tls`, as statuses are asked for. */
  readonly name: string;
  readonly place: Place;
  readonly backend: EchoServer;
  /** A client of the listener, which believes the authority. */
  readonly client: TlsWish;
}

/** What is said of the listener while nobody has granted the Secret. */
export const NOT_PERMITTED = {
  kinds: ["TLSRoute"],
  routes: 1,
  conditions: ["ResolvedRefs=False/RefNotPermitted", "Programmed=False/Invalid"],
};

const HOSTNAME = "tls.example.com";

/** The Secret is `certificate` in another namespace; the listener refers to `name` there. Grants are in `grants.yaml`. */
export async function startWithFarSecret(
  authority: Authority,
  { name = "certificate", grants }: { readonly name?: string; readonly grants?: string },
): Promise<FarSecretScene> {
  await using stack = new AsyncDisposableStack();
  const backend = stack.use(await startEchoServer({ namespace: INFRA, service: "echo" }));
  const host = loopbackHost();
  const reference = `{name: ${name}, namespace: ${WEB_BACKEND}}`;
  const route = tlsRouteText("echo", {
    parents: "{name: front}",
    hostnames: HOSTNAME,
    backends: "{name: echo, port: 3000}",
  });
  const gateway = stack.use(
    await ManifestGateway.start({
      "backends.yaml": documents(NAMESPACES, backend.manifests),
      "secret.yaml": secretText(WEB_BACKEND, "certificate", await serverPair(authority, HOSTNAME)),
      "gateway.yaml": documents(gatewayText("front", { host }, tlsListener("tls", 8443, reference)), route),
      ...(grants === undefined ? {} : { "grants.yaml": grants }),
    }),
  );
  const owned = stack.move();
  return {
    gateway,
    name: `Gateway ${INFRA}/front`,
    place: { host, port: 8443 },
    backend,
    client: { servername: HOSTNAME, ca: await authorityPem(authority) },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Expects that clients are shown the certificate, and are turned away as soon as `grants.yaml` is gone. */
export async function expectShownWhileGranted({
  gateway,
  name,
  place,
  backend,
  client,
}: FarSecretScene): Promise<void> {
  await expectConditions(gateway, name, "Accepted=True/Accepted", "Programmed=True/Programmed");
  await expectListeners(gateway, name, { tls: { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER } });
  expect(await askTls(place, client)).toMatchObject({ service: "echo", certificate: HOSTNAME });
  const { accepted } = backend;

  await gateway.remove("grants.yaml");
  await expectListeners(gateway, name, { tls: NOT_PERMITTED });
  expect(await tryTls(place, client)).toBeOneOf(["reset", "refused"]);
  expect(backend.accepted).toBe(accepted);
}
