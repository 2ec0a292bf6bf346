// One end of a TCP connection as a test plays it, on `node:net` so that it shares no code with what it tests: it keeps
// what it read, tells FIN from reset, and waits for conditions instead of for time.

import { connect, type NetConnectOpts, type Socket } from "node:net";

/** How the other side ended the connection. */
export type Ending = "fin" | "reset";

export class Peer implements AsyncDisposable {
  readonly socket: Socket;
  #chunks: Buffer[] = [];
  #length = 0;
  #ending: Ending | undefined;
  #closed = false;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    socket.on("end", () => {
      this.#ending ??= "fin";
      this.#wake();
    });
    socket.on("error", () => {
      this.#ending = "reset";
      this.#wake();
    });
    socket.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Connects to a port of this machine, or as `options` say. */
  static async connect(to: number | NetConnectOpts): Promise<Peer> {
    const options = typeof to === "number" ? { port: to, host: "127.0.0.1" } : to;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect({ ...options, allowHalfOpen: true }, resolve);
    socket.once("error", reject);
    await promise;
    socket.off("error", reject);
    return new Peer(socket);
  }

  /** How many bytes came. */
  get received(): number {
    return this.#length;
  }

  /** All that came so far. */
  get bytes(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  get text(): string {
    return this.bytes.toString("latin1");
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Writes and waits until the kernel has taken everything. Rejects when the connection is gone. */
  async send(data: string | Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.socket.write(data, (error) => (error === null || error === undefined ? resolve() : reject(error)));
    await promise;
  }

  /** Sends FIN; reading goes on. */
  finish(): void {
    this.socket.end();
  }

  /** Sends RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Resolves when `condition` holds; checked whenever something happens on this connection. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
      this.#waiting.delete(resolve);
    }
  }

  /** Waits until `count` bytes came, and gives all as text. */
  async read(count: number): Promise<string> {
    await this.until(() => this.#length >= count || this.#ending !== undefined || this.#closed);
    return this.text;
  }

  /** Waits for FIN or reset, and says which. */
  async end(): Promise<Ending> {
    await this.until(() => this.#ending !== undefined || this.#closed);
    return this.#ending ?? "reset";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
