// Records ClientHellos of the TLS clients on this machine into test/fixtures/client-hello/: `bun test/support/record-hellos.ts`
// for all of them, with names after it for some. A client that is not installed keeps the file it has. Nothing leaves the
// machine.

import { connect } from "node:net";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";

const FIXTURES = join(import.meta.dir, "../fixtures/client-hello");
const CERTIFICATES = join(import.meta.dir, "../fixtures/tls");
const NAME = "db.example.com";
const RECORD_HEADER_BYTES = 5;

const directory = await mkdtemp(join(tmpdir(), "sallyport-hellos-"));
const session = join(directory, "session.pem");
const javaClient = join(directory, "Client.java");
await writeFile(
  javaClient,
  `import javax.net.ssl.*;
class Client {
  public static void main(String[] arguments) throws Exception {
    var socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket("127.0.0.1", Integer.parseInt(arguments[0]));
    var parameters = socket.getSSLParameters();
    parameters.setServerNames(java.util.List.of(new SNIHostName("${NAME}")));
    parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
    socket.setSSLParameters(parameters);
    socket.startHandshake();
  }
}`,
);

const goClient = join(directory, "client.go");
await writeFile(
  goClient,
  `package main

import ("crypto/tls"; "os")

func main() {
  config := &tls.Config{ServerName: "${NAME}", NextProtos: []string{"h2", "http/1.1"}, InsecureSkipVerify: true}
  if connection, problem := tls.Dial("tcp", "127.0.0.1:"+os.Args[1], config); problem == nil { connection.Close() }
}`,
);

/** What each file is recorded from; a client may fail after its hello. `PORT` stands for where it connects to. */
const CLIENTS: readonly (readonly [name: string, command: readonly string[]])[] = [
  ["openssl", [...openssl(), "-servername", NAME]],
  ["openssl-no-name", [...openssl(), "-noservername"]],
  ["openssl-address", [...openssl(), "-servername", "192.0.2.7"]],
  ["openssl-alpn", [...openssl(), "-servername", NAME, "-alpn", "h2,http/1.1,postgresql"]],
  ["openssl-tls12", [...openssl(), "-servername", NAME, "-tls1_2"]],
  // The first of each two is there for its session, which the second one resumes.
  ["openssl-session", [...openssl(), "-servername", NAME, "-sess_out", session]],
  ["openssl-resumed", [...openssl(), "-servername", NAME, "-sess_in", session]],
  ["openssl-session", [...openssl(), "-servername", NAME, "-tls1_2", "-sess_out", session]],
  ["openssl-tls12-resumed", [...openssl(), "-servername", NAME, "-tls1_2", "-sess_in", session]],
  ["curl", ["curl", "-sk", "--connect-to", `${NAME}:443:127.0.0.1:PORT`, `https://${NAME}/`]],
  [
    "bun",
    [
      "bun",
      "-e",
      `require("node:tls").connect({host: "127.0.0.1", port: PORT, servername: "${NAME}", ALPNProtocols: ["h2"]})`,
    ],
  ],
  ["node", ["node", "-e", `require("tls").connect({host: "127.0.0.1", port: PORT, servername: "${NAME}"})`]],
  // Its TLS is rustls.
  [
    "deno",
    [
      join(import.meta.dir, "../../node_modules/.bin/deno"),
      "eval",
      `const tcp = await Deno.connect({hostname: "127.0.0.1", port: PORT});
       await (await Deno.startTls(tcp, {hostname: "${NAME}", alpnProtocols: ["h2", "http/1.1"]})).handshake();`,
    ],
  ],
  ["java", ["java", javaClient, "PORT"]],
  // The version counts: before Go 1.24 there is no post-quantum key in the hello.
  ["go", ["go", "run", goClient, "PORT"]],
  [
    "chromium",
    [
      "chromium",
      "--headless=new",
      "--no-sandbox",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
      `--user-data-dir=${join(directory, "chromium")}`,
      // Nothing else is looked up, so its own services are not asked either.
      `--host-resolver-rules=MAP ${NAME} 127.0.0.1:PORT,MAP * ~NOTFOUND`,
      "--dump-dom",
      `https://${NAME}/`,
    ],
  ],
];

function openssl(): readonly string[] {
  return ["openssl", "s_client", "-connect", "127.0.0.1:PORT"];
}

const server = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  tls: {
    cert: await readFile(join(CERTIFICATES, "self-signed.crt"), "utf8"),
    key: await readFile(join(CERTIFICATES, "self-signed.key"), "utf8"),
  },
  // An answer makes sure that a client has read the tickets, which come before it.
  socket: { handshake: (socket) => void socket.write("hello\n"), data: (socket) => void socket.end() },
});

let recorded: Buffer[] = [];
const relay = Bun.listen<{ upstream: ReturnType<typeof connect> }>({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    open(client) {
      const upstream = connect(server.port, "127.0.0.1");
      client.data = { upstream };
      upstream.on("data", (bytes) => void client.write(bytes));
      upstream.on("close", () => client.end());
      upstream.on("error", () => client.end());
    },
    data(client, bytes) {
      recorded.push(Buffer.from(bytes));
      client.data.upstream.write(bytes);
    },
    close: (client) => void client.data.upstream.destroy(),
  },
});

const wanted = process.argv.slice(2);
for (const [name, command] of CLIENTS.filter(([each]) => wanted.length === 0 || wanted.includes(each))) {
  recorded = [];
  const [program = "", ...rest] = command;
  if (Bun.which(program) === null) {
    process.stderr.write(`${program} is not installed: ${name} stays as it is\n`);
    continue;
  }
  const args = rest.map((argument) => argument.replace("PORT", `${relay.port}`));
  const running = Bun.spawn([program, ...args], { stdin: "pipe", stdout: "ignore", stderr: "ignore", timeout: 60_000 });
  await eventually(() => helloOf(Buffer.concat(recorded)) !== undefined || running.exitCode !== null);
  // Time for the tickets; then the end of the input ends those that read it.
  await Bun.sleep(1500);
  await running.stdin.end();
  running.kill();
  await running.exited;
  const hello = helloOf(Buffer.concat(recorded));
  if (hello === undefined) throw new Error(`${name} sent no hello`);
  if (name !== "openssl-session") await writeFile(join(FIXTURES, `${name}.hex`), wrap(hello.toString("hex")));
  process.stdout.write(`${name}: ${hello.length} bytes\n`);
}
relay.stop(true);
server.stop(true);
await rm(directory, { recursive: true });

/** All of these clients send their hello in one record, the first one; `undefined` until it is whole. */
function helloOf(bytes: Buffer): Buffer | undefined {
  if (bytes.length < RECORD_HEADER_BYTES) return undefined;
  const length = RECORD_HEADER_BYTES + bytes.readUInt16BE(3);
  return bytes.length < length ? undefined : bytes.subarray(0, length);
}

/** Lines of 32 bytes. */
function wrap(hex: string): string {
  return hex.replaceAll(/.{1,64}/g, "$&\n");
}
