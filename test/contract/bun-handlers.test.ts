// How Bun 1.4.5 calls handlers. Each test pins one behaviour src/runtime/bun.ts is built around; when an upgrade of Bun
// makes one fail, the comment says what to look at again.

import { expect, test } from "bun:test";
import { connectBunPair, Heard, tellingHandlers } from "../support/bun-pair.ts";

test("an accepted socket starts with the very object that listen was given as data", async () => {
  // So the listener is the first owner of its sockets, at no cost, and hands each one over in `opened`.
  const owner = { name: "listener" };
  const accepted = Promise.withResolvers<Bun.Socket<{ name: string }>>();
  const listener = Bun.listen<{ name: string }>({
    hostname: "127.0.0.1",
    port: 0,
    data: owner,
    socket: { open: (socket) => accepted.resolve(socket), data: () => {} },
  });
  const client = await Bun.connect({ hostname: "127.0.0.1", port: listener.port, socket: { data: () => {} } });
  expect((await accepted.promise).data).toBe(owner);
  client.terminate();
  listener.stop(true);
});

test("a throw in open reaches error and then closes the socket", async () => {
  // So our `open` catches: whether the socket goes is the owner's decision, as after any other throw.
  const heard = new Heard();
  const listener = Bun.listen<undefined>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: tellingHandlers(heard, { open: throwBoom }),
  });
  const client = await Bun.connect({ hostname: "127.0.0.1", port: listener.port, socket: { data: () => {} } });
  await heard.heard("close");
  expect(heard.events).toEqual(["error boom", "close"]);
  client.terminate();
  listener.stop(true);
});

test("a throw in data reaches error, and the socket stays open", async () => {
  // So `failed` may still write, shut down or terminate.
  using pair = await connectBunPair({
    server: {
      data: throwBoom,
    },
  });
  pair.client.write("x");
  await pair.serverHeard.heard("error");
  expect(pair.serverHeard.events.filter((event) => event !== "drain")).toEqual(["open", "error boom"]);
  expect(pair.server.write("open")).toBe(4);
});

test("a rejected promise of an async handler does not reach error", async () => {
  // So no handler is async: its failure would be an unhandled rejection that ends the process.
  const source = `
    process.on("unhandledRejection", (error) => { console.log("unhandled " + error.message); process.exit(); });
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: {
      async data() { throw new Error("boom"); }, error() { console.log("error"); process.exit(); } } });
    const client = await Bun.connect({ hostname: "127.0.0.1", port: listener.port, socket: { data() {} } });
    client.write("x");`;
  const child = Bun.spawn([process.execPath, "-e", source], { stdout: "pipe", stderr: "inherit" });
  expect((await child.stdout.text()).trim()).toBe("unhandled boom");
});

test("a refused connect calls connectError once and leaves no unhandled rejection", async () => {
  // So the promise of Bun.connect is left alone: it repeats what `unreachable` was told.
  const source = `
    process.on("unhandledRejection", () => console.log("unhandled"));
    const closed = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    closed.stop();
    for (const to of [{ hostname: "127.0.0.1", port: closed.port }, { unix: "/nonexistent/x.sock" }])
      void Bun.connect({ ...to, socket: { data() {}, close() { console.log("close"); },
        connectError(_socket, error) { console.log(error.code); } } });
    const alive = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    await Bun.connect({ hostname: "127.0.0.1", port: alive.port, socket: { data() {} } });
    setImmediate(() => setImmediate(() => process.exit()));`;
  const child = Bun.spawn([process.execPath, "-e", source], { stdout: "pipe", stderr: "inherit" });
  const said = (await child.stdout.text()).trim().split("\n").toSorted();
  expect(said).toEqual(["ECONNREFUSED", "ENOENT"]);
});

test("a unix socket is refused inside the call of Bun.connect", () => {
  // So our connect dials in a microtask: its callers hear of nothing before it returned.
  let told = "";
  void Bun.connect({
    unix: "/nonexistent/x.sock",
    socket: {
      data: () => {},
      connectError: (_socket, error) => {
        told = error.message;
      },
    },
  });
  expect(told).not.toBe("");
});

test("a port above 65535 is thrown and not told", () => {
  // So our connect turns what is thrown into `unreachable`.
  expect(() => Bun.connect({ hostname: "127.0.0.1", port: 70_000, socket: { data: () => {} } })).toThrow();
});

function throwBoom(): never {
  throw new Error("boom");
}
