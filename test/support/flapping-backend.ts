// A backend that dies and returns, on a port that stays its own.

import { type Backend, echo, startBackend } from "./backend.ts";
import type { Peer } from "./peer.ts";
import { DEAD_HOST } from "./visit.ts";

export class FlappingBackend implements AsyncDisposable {
  readonly port: number;
  #server: Backend | null;
  #resets = false;

  private constructor(server: Backend) {
    this.#server = server;
    this.port = server.port;
  }

  /** Echoes until it is told otherwise. */
  static async start(): Promise<FlappingBackend> {
    const flapping: { backend?: FlappingBackend } = {};
    const server = await startBackend((peer) => flapping.backend?.serve(peer), { host: DEAD_HOST });
    const backend = new FlappingBackend(server);
    flapping.backend = backend;
    return backend;
  }

  get address(): string {
    return `${DEAD_HOST}:${this.port}`;
  }

  /** Echoes, accepts and resets, or refuses; what is connected to one that begins to refuse is cut off. */
  async become(state: "echoing" | "resetting" | "dead"): Promise<void> {
    this.#resets = state === "resetting";
    if (state === "dead") {
      await this.#server?.close();
      this.#server = null;
    } else {
      this.#server ??= await startBackend((peer) => this.serve(peer), { host: DEAD_HOST, port: this.port });
    }
  }

  serve(peer: Peer): void {
    if (this.#resets) peer.reset();
    else echo(peer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.become("dead");
  }
}
