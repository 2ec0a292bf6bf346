// What Bun 1.4.5 does where the machine runs out: of descriptors, of backlog. Each test runs in child processes of its own
// and pins one behaviour; when an upgrade of Bun makes one fail, the comment says which rule of ours to look at again.

import { expect, test } from "bun:test";
import { Heard } from "../support/bun-pair.ts";

/** Runs `source` in Bun with a hard limit of `descriptors`; resolves with the lines it wrote. */
async function runLimited(descriptors: number, source: string): Promise<string[]> {
  const shell = `ulimit -n ${descriptors} && exec "$0" -e "$1"`;
  const child = Bun.spawn(["sh", "-c", shell, process.execPath, source], { stdout: "pipe", stderr: "inherit" });
  return (await child.stdout.text()).trim().split("\n");
}

/** Opens descriptors until there are none left. */
const FILL = `
  import { closeSync, openSync } from "node:fs";
  function fill() {
    const taken = [];
    try { for (;;) taken.push(openSync("/dev/null", "r")); }
    catch (error) { if (error.code !== "EMFILE") throw error; }
    return taken;
  }`;

test("a connect without a free descriptor looks like a backend that refuses: ECONNREFUSED", async () => {
  // So the connection cap lies below the descriptor limit, or healthy backends would be taken for dead ones.
  const said = await runLimited(
    64,
    `${FILL}
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    fill();
    void Bun.connect({ hostname: "127.0.0.1", port: listener.port, socket: { data() {},
      open() { console.log("open"); process.exit(); },
      connectError(_socket, error) { console.log(error.code); process.exit(); } } });`,
  );
  expect(said).toEqual(["ECONNREFUSED"]);
});

test("without a free descriptor nothing is accepted, told or refused until one is given back", async () => {
  // The client is connected as far as its kernel knows, and the event loop spins on the listener meanwhile. So the cap
  // closes a connection over it at once, while descriptors are left to accept it with.
  const client = `
    process.stdin.once("data", () => {
      void Bun.connect({ hostname: "127.0.0.1", port: Number(process.argv.at(-1)), socket: { data() {},
        open() { console.log("open"); }, close() { console.log("close"); },
        connectError(_socket, error) { console.log(error.code); } } });
    });
    console.log("ready");`;
  const said = await runLimited(
    64,
    `${FILL}
    let accepted = 0;
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {},
      open() { accepted += 1; console.log("accepted"); process.exit(); },
      error(_socket, error) { console.log("error " + error.message); } } });
    const child = Bun.spawn([process.execPath, "-e", ${JSON.stringify(client)}, String(listener.port)],
      { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    const lines = child.stdout.getReader();
    const line = async () => new TextDecoder().decode((await lines.read()).value).trim();
    console.log(await line());
    const taken = fill();
    child.stdin.write("go"); child.stdin.flush();
    console.log("client " + await line());
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    console.log("accepted at the limit: " + accepted);
    for (const descriptor of taken) closeSync(descriptor);`,
  );
  expect(said).toEqual(["ready", "client open", "accepted at the limit: 0", "accepted"]);
});

test("Bun raises its soft limit on descriptors to the hard one at start", async () => {
  // So descriptorLimit() reads what is in force in this process, and a shell's soft limit is not what counts.
  const shell = `ulimit -Sn 64 && ulimit -Hn 256 && exec "$0" -e "$1"`;
  const source = `console.log(/^Max open files +(\\d+)/m.exec(require("fs").readFileSync("/proc/self/limits", "utf8"))[1]);`;
  const child = Bun.spawn(["sh", "-c", shell, process.execPath, source], { stdout: "pipe", stderr: "inherit" });
  expect((await child.stdout.text()).trim()).toBe("256");
});

test("a pending connect cannot be cancelled: it opens when the server gets round to it", async () => {
  // So a dial that timed out stays in the kernel, and its owner terminates the socket if it ever opens.
  const server = Bun.spawn(
    [
      process.execPath,
      "-e",
      `const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
      require("fs").writeSync(1, listener.port + "\\n");
      require("fs").readSync(0, Buffer.alloc(1)); // Accepts nothing until it is told to.`,
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  const first = await server.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(first.value));
  // More than the backlog of 512 holds, so that the last of them are left waiting for an answer to their SYN.
  const dials = 520;
  const heard = new Heard();
  const cancel = new AbortController();
  for (let dial = 0; dial < dials; dial += 1) {
    // No option of Bun.connect cancels; `signal`, which other APIs know, is ignored.
    const options = {
      hostname: "127.0.0.1",
      port,
      signal: cancel.signal,
      socket: { data: () => {}, open: () => heard.tell("open"), connectError: () => heard.tell("refused") },
    };
    void Bun.connect(options);
  }
  await heard.until(() => heard.count("open") >= 512);
  cancel.abort();
  expect(heard.events.length).toBeLessThan(dials);
  server.stdin.write("g");
  await server.stdin.flush();
  await heard.until(() => heard.events.length === dials);
  expect(heard.count("open")).toBe(dials);
  server.kill();
  await server.exited;
}, 60_000);
