// The backend of upstream's conformance suite, as far as its tests talk to it: a TCP server that speaks first and answers PING, IS_TLS
// and TEST, and the same in TLS on another port; with the manifests of a Service that leads to it. On `node:net` and `node:tls`.

import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions, TLSSocket } from "node:tls";
import { closeServer, listenOnFreePort } from "./node-server.ts";

/** What is said before the client says anything. */
export const GREETING = "Gateway API Test TCP Server\n";
/** As upstream's: ports of Services whose pods are such servers. */
export const ECHO_PORT = 3000;
export const ECHO_TLS_PORT = 8443;

/** What a server says of itself and of the connection, as JSON. */
export interface EchoInfo {
  readonly namespace: string;
  readonly service: string;
  readonly pod: string;
  readonly isTLS: boolean;
  readonly tls?: {
    /** What the client asked for; empty: it asked for no name. */
    readonly serverName: string;
    readonly version: string;
    /** Common name of the certificate that the client showed; empty: none. */
    readonly client: string;
  };
}

export interface EchoWish {
  readonly namespace: string;
  readonly service: string;
  readonly pod?: string;
  /** Certificate and key as PEM, and what else TLS wants; without it there is no TLS port. */
  readonly tls?: TlsOptions;
}

export interface EchoServer extends AsyncDisposable {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** 0: there is none. */
  readonly tlsPort: number;
  /** Connections that came so far, on both ports. */
  readonly accepted: number;
  /** Service with ports `tcp` (3000) and `tls` (8443), and an EndpointSlice that leads here. */
  readonly manifests: string;
}

/** Starts one on free ports of loopback. */
export async function startEchoServer(wish: EchoWish): Promise<EchoServer> {
  const { namespace, service, pod = `${service}-0`, tls } = wish;
  const sockets = new Set<Socket>();
  let accepted = 0;
  const serve = (socket: Socket): void => talk(socket, { namespace, service, pod });
  const watch = (server: Server): void => {
    server.on("connection", (socket: Socket) => {
      accepted++;
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    });
  };
  const plain = createServer(serve);
  const secure = tls === undefined ? undefined : createTlsServer(tls, serve);
  secure?.on("tlsClientError", () => {});
  const servers = [plain, ...(secure === undefined ? [] : [secure])];
  for (const server of servers) watch(server);
  const port = await listenOnFreePort(plain);
  const tlsPort = secure === undefined ? 0 : await listenOnFreePort(secure);
  return {
    namespace,
    service,
    port,
    tlsPort,
    get accepted() {
      return accepted;
    },
    manifests: [serviceText(namespace, service), sliceText({ namespace, service, port, tlsPort })].join("---\n"),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map(closeServer));
    },
  };
}

/** Several servers that end together. */
export interface EchoServers extends AsyncDisposable {
  /** What leads to each of them. */
  readonly manifests: string;
}

/** Starts one for each of these Services. */
export async function startEchoServers(
  services: readonly string[],
  wish: Omit<EchoWish, "service">,
): Promise<EchoServers> {
  await using stack = new AsyncDisposableStack();
  const servers: EchoServer[] = [];
  for (const service of services) servers.push(stack.use(await startEchoServer({ ...wish, service })));
  const owned = stack.move();
  return {
    manifests: servers.map(({ manifests }) => manifests).join("---\n"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A Service without a selector: its EndpointSlice says where it is. */
export function serviceText(namespace: string, name: string): string {
  return `apiVersion: v1
kind: Service
metadata: {namespace: ${namespace}, name: ${name}}
spec:
  ports:
    - {name: tcp, port: ${ECHO_PORT}}
    - {name: tls, port: ${ECHO_TLS_PORT}}
`;
}

/** An EndpointSlice of a Service; `port` 0 leaves the Service without endpoints. */
export function sliceText(at: {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  readonly tlsPort: number;
}): string {
  const { namespace, service, port, tlsPort } = at;
  const ports = [
    `{name: tcp, port: ${port || ECHO_PORT}}`,
    ...(tlsPort === 0 ? [] : [`{name: tls, port: ${tlsPort}}`]),
  ];
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: ${namespace}, name: ${service}-1, labels: {kubernetes.io/service-name: ${service}}}
addressType: IPv4
endpoints: [${port === 0 ? "" : "{addresses: [127.0.0.1]}"}]
ports: [${ports.join(", ")}]
`;
}

function talk(socket: Socket, own: Pick<EchoInfo, "namespace" | "service" | "pod">): void {
  const info: EchoInfo = { ...own, isTLS: socket instanceof TLSSocket, ...tlsOf(socket) };
  let text = "";
  socket.on("error", () => {});
  socket.write(GREETING);
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) socket.write(`${answerTo(line.trim(), info)}\n`);
  });
}

function answerTo(line: string, info: EchoInfo): string {
  if (line === "PING") return "PONG";
  if (line === "IS_TLS") return String(info.isTLS);
  if (line === "TEST") return JSON.stringify(info);
  return line;
}

function tlsOf(socket: Socket): Pick<EchoInfo, "tls"> {
  if (!(socket instanceof TLSSocket)) return {};
  const { subject }: { subject?: { CN?: unknown } } = socket.getPeerCertificate() ?? {};
  const { servername }: { servername?: unknown } = socket;
  const version = socket.getProtocol() ?? "";
  return {
    tls: {
      serverName: typeof servername === "string" ? servername : "",
      version,
      client: String(subject?.CN ?? ""),
    },
  };
}
