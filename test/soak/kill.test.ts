// SIGKILL while documents are being put: what was answered is kept, what was not answered is there or not, as a whole.

import { expect, test } from "bun:test";
import * as v from "valibot";
import { echo, startBackend } from "../support/backend.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { Peer } from "../support/peer.ts";
import { Random } from "../support/random.ts";

const ROUNDS = 15;
/** Clients of the admin port; each puts and deletes its own documents, one request after the other. */
const WRITERS = 4;
const NAMES_PER_WRITER = 3;
const CLIENTS = 20;

const Documents = v.object({ items: v.array(v.object({ name: v.string() })) });

/** A document's text, or `undefined` when there is none: as answered last, and as asked for without an answer yet. */
interface Expected {
  kept: string | undefined;
  asked?: { readonly text: string | undefined };
}

class Writers {
  readonly expected = new Map<string, Expected>();
  readonly refused: string[] = [];
  answers = 0;
  readonly #gateway: GatewayProcess;
  readonly #random = new Random(99);
  #change = 0;

  constructor(gateway: GatewayProcess) {
    this.#gateway = gateway;
  }

  /** Puts and deletes until the gateway is gone. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => this.#write(writer)));
  }

  /** What is in the store must be what was answered, or what was asked for last. */
  async verify(): Promise<void> {
    const { items } = v.parse(Documents, await (await this.#gateway.ask("GET /api/v1/documents")).json());
    const listed = new Set(items.map(({ name }) => name));
    const ports = await this.#gateway.ports();
    for (const [name, expected] of this.expected) {
      const response = await this.#gateway.ask(`GET /api/v1/documents/${name}`);
      const text = response.status === 404 ? undefined : await response.text();
      const allowed = expected.asked === undefined ? [expected.kept] : [expected.kept, expected.asked.text];
      expect(allowed).toContain(text);
      expect({ name, listed: listed.has(name), runs: ports.has(name) }).toEqual({
        name,
        listed: text !== undefined,
        runs: text !== undefined,
      });
      this.expected.set(name, { kept: text });
    }
    expect(listed.difference(new Set(this.expected.keys()))).toEqual(new Set());
  }

  async #write(writer: number): Promise<void> {
    for (;;) {
      const name = `put-${writer}-${this.#random.below(NAMES_PER_WRITER)}`;
      const expected = this.expected.get(name) ?? { kept: undefined };
      this.expected.set(name, expected);
      const remove = expected.kept !== undefined && this.#random.chance(4);
      const text = remove ? undefined : this.#text(name);
      expected.asked = { text };
      try {
        const line = `${remove ? "DELETE" : "PUT"} /api/v1/documents/${name}`;
        const response = await this.#gateway.ask(line, text);
        const wanted = remove || expected.kept !== undefined ? 200 : 201;
        if (response.status !== wanted) this.refused.push(`${line}: ${response.status} ${await response.text()}`);
      } catch {
        return; // Killed before it answered.
      }
      expected.kept = text;
      delete expected.asked;
      this.answers += 1;
    }
  }

  /** A route of this name, different each time, and long enough to span many pages of the database. */
  #text(name: string): string {
    this.#change += 1;
    const padding = `# ${this.#change} ${"-".repeat(100)}\n`.repeat(50);
    return `name: ${name}\nlisten: "127.0.0.1:0"\nbackends: ["127.0.0.1:9"]\ntimeouts: {connect: ${this.#change}ms}\n${padding}`;
  }
}

test("a gateway that is killed keeps what it has answered, and its clients notice", async () => {
  await using backend = await startBackend(echo);
  const file = `name: file\nlisten: "127.0.0.1:0"\nbackends: ["127.0.0.1:${backend.port}"]\n`;
  await using gateway = await GatewayProcess.start({ "file.yaml": file });
  const token = gateway.token();
  const writers = new Writers(gateway);
  const random = new Random(7);

  for (let round = 0; round < ROUNDS; round++) {
    const port = (await gateway.ports()).get("file") ?? 0;
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => Peer.connect(port)));
    await Promise.all(clients.map((client) => client.send("hello")));
    await Promise.all(clients.map((client) => client.read(5)));

    const answered = writers.answers;
    const over = writers.run();
    // Somewhere in the middle: the writers never rest, so there is always a request under way.
    while (writers.answers < answered + 10 + random.below(20)) await Bun.sleep(random.below(3));
    await gateway.kill();
    await over;
    expect(writers.refused).toEqual([]);
    // FIN or reset, as the kernel sees fit: what matters is that nobody is left waiting.
    for (const client of clients) {
      await client.end();
      expect(client.text).toBe("hello");
    }
    for (const server of backend.peers) await server.end();

    await gateway.startAgain();
    expect(gateway.token()).toBe(token);
    await writers.verify();
  }
}, 60_000);
