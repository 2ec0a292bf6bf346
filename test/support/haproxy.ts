// HAProxy as the other side of the PROXY protocol: what it sends, recorded, and what it understood of what was sent to
// it. `bun test/support/haproxy.ts` records the fixture again.

import { connect as connectNet } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { type Backend, startBackend } from "./backend.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { programPath } from "./installed.ts";
import { Peer } from "./peer.ts";
import { type RealServer, startServer } from "./real-server.ts";

/** A header as HAProxy sent it, and what it had to tell. */
export interface RecordedHeader {
  readonly name: string;
  /** The sender's options. */
  readonly options: string;
  /** The client's end and the listener's; absent for its own connections and for unix sockets. */
  readonly client?: { readonly host: string; readonly port: number };
  readonly listener?: { readonly host: string; readonly port: number };
  readonly hex: string;
}

export interface RecordedHeaders {
  readonly sender: string;
  readonly headers: readonly RecordedHeader[];
}

export const HEADERS_FIXTURE: string = join(import.meta.dir, "../fixtures/proxy-protocol/haproxy.json");

const CERTIFICATE = join(import.meta.dir, "../fixtures/tls/self-signed.crt");
const KEY = join(import.meta.dir, "../fixtures/tls/self-signed.key");
/** What a client sends after its handshakes: where the header ends. */
const MARKER = "first bytes of a client";
const EVERYTHING = "ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c,unique-id";

interface Sample {
  readonly name: string;
  readonly from: "127.0.0.1" | "::1" | "unix" | "check";
  readonly options: string;
  readonly tls?: { readonly certificate: boolean };
}

const SAMPLES: readonly Sample[] = [
  { name: "v1 over IPv4", from: "127.0.0.1", options: "send-proxy" },
  { name: "v1 over IPv6", from: "::1", options: "send-proxy" },
  { name: "v1 from a unix socket", from: "unix", options: "send-proxy" },
  { name: "v1 of a check", from: "check", options: "send-proxy check inter 100ms" },
  { name: "v2 over IPv4", from: "127.0.0.1", options: "send-proxy-v2" },
  { name: "v2 over IPv6", from: "::1", options: "send-proxy-v2" },
  { name: "v2 from a unix socket", from: "unix", options: "send-proxy-v2" },
  { name: "v2 of a check", from: "check", options: "send-proxy-v2 check inter 100ms" },
  {
    name: "v2 with checksum and unique id",
    from: "127.0.0.1",
    options: "send-proxy-v2 proxy-v2-options crc32c,unique-id",
  },
  {
    name: "v2 with everything, no client certificate",
    from: "127.0.0.1",
    options: `send-proxy-v2 proxy-v2-options ${EVERYTHING}`,
    tls: { certificate: false },
  },
  {
    name: "v2 with everything, client certificate",
    from: "::1",
    options: `send-proxy-v2 proxy-v2-options ${EVERYTHING}`,
    tls: { certificate: true },
  },
];

/** Has HAProxy send every kind of header it can, and keeps them. */
export async function recordHeaders(): Promise<RecordedHeaders> {
  const backends = await Promise.all(SAMPLES.map(() => startBackend()));
  await using cleanup = new AsyncDisposableStack();
  for (const backend of backends) cleanup.use(backend);
  const ports: number[] = [];
  let sockets = "";
  await using _haproxy = await startHaproxy(async (port, directory) => {
    sockets = directory;
    // A port that is free is given again, and HAProxy would share it between two listeners.
    const free = new Set([port]);
    while (free.size <= SAMPLES.length) free.add(freePort());
    ports.push(...[...free].slice(1));
    const pem = join(directory, "both.pem");
    await Bun.write(pem, `${await Bun.file(CERTIFICATE).text()}${await Bun.file(KEY).text()}`);
    const tls = `ssl crt ${pem} ca-file ${CERTIFICATE} verify optional alpn postgresql`;
    const samples = SAMPLES.map(({ from, options, tls: secure }, index) => {
      const host = from === "check" ? "127.0.0.1" : from;
      const at = from === "unix" ? `unix@${join(directory, `${index}`)}` : `${host}:${ports[index]}`;
      return `listen sample${index}
        unique-id-format connection-${index}
        bind ${at} ${secure === undefined ? "" : tls}
        server recorder 127.0.0.1:${backends[index]?.port} ${options}`;
    });
    return [`listen started\n        bind 127.0.0.1:${port}`, ...samples];
  });
  const headers: RecordedHeader[] = [];
  for (const [index, sample] of SAMPLES.entries()) {
    const [backend, port] = [backends[index], ports[index]];
    if (backend === undefined || port === undefined) throw new Error(`No backend ${index}`);
    headers.push({
      name: sample.name,
      options: sample.options,
      ...(await record(sample, backend, port, join(sockets, `${index}`))),
    });
  }
  const version = Bun.spawnSync([programPath("haproxy"), "-v"]).stdout.toString();
  return { sender: /HAProxy version \d+\.\d+/.exec(version)?.[0] ?? "HAProxy", headers };
}

/** What HAProxy understood of a connection that begins with `header`, and its whole answer. */
export async function askHaproxy(port: number, header: Uint8Array): Promise<string> {
  await using peer = await Peer.connect(port);
  await peer.send(Buffer.concat([header, Buffer.from("GET / HTTP/1.0\r\n\r\n")]));
  await eventually(() => peer.ending !== undefined);
  return peer.text;
}

/** An HAProxy that wants PROXY headers and answers with what they said. */
export async function startHeaderReader(): Promise<RealServer> {
  const says = "%[src] %[src_port] %[dst] %[dst_port] %[fc_pp_authority] %[fc_pp_unique_id]";
  return startHaproxy((port) => [
    `frontend reader
        mode http
        bind 127.0.0.1:${port} accept-proxy
        http-request return status 200 content-type text/plain lf-string "${says}"`,
  ]);
}

/** Runs it with these sections, one of which listens on the port that is given. */
export async function startHaproxy(
  sections: (port: number, directory: string) => readonly string[] | Promise<readonly string[]>,
): Promise<RealServer> {
  return startServer(async (port, directory) => {
    const file = join(directory, "haproxy.cfg");
    const timeouts = ["connect", "client", "server"].map((what) => `        timeout ${what} 10s`);
    const head = ["global", "        nbthread 1", "defaults", "        mode tcp", ...timeouts];
    await Bun.write(file, `${[...head, ...(await sections(port, directory))].join("\n")}\n`);
    return { command: [programPath("haproxy"), "-db", "-f", file], stopSignal: "SIGKILL" };
  });
}

async function record(
  { from, tls }: Sample,
  backend: Backend,
  port: number,
  path: string,
): Promise<Omit<RecordedHeader, "name" | "options">> {
  if (from === "check") {
    // Checks end with a reset, which may overtake what they sent; then the next one counts.
    const whole = () => backend.peers.find((peer) => peer.received > 0 && peer.ending !== undefined);
    await eventually(() => whole() !== undefined);
    return { hex: whole()?.bytes.toString("hex") ?? "" };
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const plain = from === "unix" ? { path } : { host: from, port };
  const socket =
    tls === undefined
      ? connectNet(plain, resolve)
      : connectTls(
          {
            host: from,
            port,
            servername: "Db.Example.com",
            ALPNProtocols: ["postgresql"],
            rejectUnauthorized: false,
            ...(tls.certificate ? { cert: await Bun.file(CERTIFICATE).text(), key: await Bun.file(KEY).text() } : {}),
          },
          resolve,
        );
  socket.once("error", reject);
  await promise;
  socket.write(MARKER);
  const peer = await backend.peer();
  await eventually(() => peer.bytes.includes(MARKER));
  const hex = peer.bytes.subarray(0, peer.bytes.indexOf(MARKER)).toString("hex");
  const { localAddress: host = "", localPort = 0 } = socket;
  socket.destroy();
  if (from === "unix") return { hex };
  return { client: { host, port: localPort }, listener: { host: from, port }, hex };
}

if (import.meta.main) await Bun.write(HEADERS_FIXTURE, `${JSON.stringify(await recordHeaders(), null, 2)}\n`);
