// A Gateway with one TCP listener before a backend, for the tests of policies: who is served through it, and from where clients come.

import { errorCode } from "../../src/runtime/error-code.ts";
import { GREETING } from "./echo-server.ts";
import { gatewayText, tcpListener, tcpRouteText } from "./conformance-manifests.ts";
import {
  documents,
  type EchoServer,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  type Place,
  startEchoServer,
} from "./conformance.ts";
import { Peer } from "./peer.ts";

export interface PolicyScene extends AsyncDisposable {
  readonly gateway: ManifestGateway;
  readonly host: string;
  readonly backend: EchoServer;
  /** A client from an address of loopback, who said `first` and waits for the backend's greeting. */
  visit(port: number, from?: string, first?: string): Promise<string>;
}

/** Starts `front` with TCP listeners `one` (9301) and `two` (9302), and a route to the Service `tcp-backend` from both. */
export async function startPolicyScene(files: Readonly<Record<string, string>>): Promise<PolicyScene> {
  await using stack = new AsyncDisposableStack();
  const backend = stack.use(await startEchoServer({ namespace: INFRA, service: "tcp-backend" }));
  const host = loopbackHost();
  const gateway = stack.use(
    await ManifestGateway.start({
      "base.yaml": documents(NAMESPACES, backend.manifests),
      "gateway.yaml": gatewayText(
        "front",
        { host, more: "  allowedListeners: {namespaces: {from: Same}}\n" },
        tcpListener("one", 9301),
        tcpListener("two", 9302),
      ),
      "route.yaml": tcpRouteText("route", { parents: "{name: front}", backends: "{name: tcp-backend, port: 3000}" }),
      ...files,
    }),
  );
  const rest = stack.move();
  return {
    gateway,
    host,
    backend,
    visit: (port, from, first) => visitFrom({ host, port }, from, first),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** `served`, or how the client was turned away. */
export async function visitFrom(place: Place, from = "127.0.0.1", first = ""): Promise<string> {
  const client = await clientFrom(place, from);
  if (typeof client === "string") return client;
  await using peer = client;
  // Who is turned away at once may be so before this is written.
  if (first !== "") await peer.send(first).catch(() => undefined);
  const heard = await peer.read(GREETING.length);
  return heard.startsWith(GREETING) ? "served" : heard === "" ? await peer.end() : heard;
}

/** A client who stays and was greeted. */
export async function stayingClient(place: Place, from = "127.0.0.1"): Promise<Peer> {
  const client = await clientFrom(place, from);
  if (typeof client === "string") throw new Error(`The client was turned away: ${client}`);
  const heard = await client.read(GREETING.length);
  if (!heard.startsWith(GREETING)) throw new Error(`The client was not greeted: ${heard} ${client.ending ?? ""}`);
  return client;
}

/** A reset may come before it is known that there is a connection. */
async function clientFrom({ host, port }: Place, localAddress: string): Promise<Peer | "reset" | "refused"> {
  try {
    return await Peer.connect({ host, port, localAddress });
  } catch (error) {
    const code = errorCode(error);
    if (code === "ECONNRESET") return "reset";
    if (code === "ECONNREFUSED") return "refused";
    throw error;
  }
}
