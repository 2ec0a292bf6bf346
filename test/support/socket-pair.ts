// Two connected sockets of one runtime, each with a Recorder, over a listener of their own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Listening, Runtime, SocketAddress } from "../../src/runtime/runtime.ts";
import type { Socket, SocketOwner } from "../../src/socket/socket.ts";
import { Recorder } from "./recorder.ts";

/** Hands every accepted socket to a Recorder of its own, as an engine hands it to a connection. */
export class Acceptor implements SocketOwner {
  readonly accepted: Recorder[] = [];
  /** Given to each new Recorder before it hears anything. */
  throwsIn: string | undefined;
  #wake: (() => void) | undefined;

  opened(socket: Socket): void {
    const recorder = new Recorder();
    recorder.throwsIn = this.throwsIn;
    socket.data = recorder;
    this.accepted.push(recorder);
    this.#wake?.();
    recorder.opened(socket);
  }

  /** The next connection, in the order they were accepted. */
  async next(): Promise<Recorder> {
    for (;;) {
      const recorder = this.accepted.shift();
      if (recorder !== undefined) return recorder;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  received(): void {
    throw new Error("Heard of a socket that was handed over");
  }
  writable(): void {
    this.received();
  }
  ended(): void {
    this.received();
  }
  closed(): void {
    this.received();
  }
  failed(error: Error): void {
    throw error;
  }
}

export interface SocketPair extends AsyncDisposable {
  readonly client: Recorder;
  readonly server: Recorder;
  readonly listening: Listening;
  readonly acceptor: Acceptor;
  /** Where `client` dialled to. */
  readonly address: SocketAddress;
  /**
   * Resolves after another connection to the same listener went through its whole life. What was under way on loopback
   * before has then arrived and been told, unless the runtime holds it back.
   */
  settled(): Promise<void>;
}

/** Connects two sockets: over TCP to `to` through a listener on `on`, or over a unix socket. */
export async function connectPair(
  runtime: Runtime,
  where: { readonly on: string; readonly to?: string } | "unix" = { on: "127.0.0.1" },
  throwsIn?: { readonly client?: string; readonly server?: string },
): Promise<SocketPair> {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-"));
  const acceptor = new Acceptor();
  acceptor.throwsIn = throwsIn?.server;
  const unix = join(directory, "pair.sock");
  const listening = await runtime.listen(where === "unix" ? { unix } : { host: where.on, port: 0 }, acceptor);
  const address = where === "unix" ? { unix } : { host: where.to ?? where.on, port: listening.port };
  const dial = async (throws?: string): Promise<{ client: Recorder; server: Recorder }> => {
    const client = new Recorder();
    client.throwsIn = throws;
    runtime.connect(address, client);
    const server = await acceptor.next();
    await client.until(() => client.isOpen);
    return { client, server };
  };
  const { client, server } = await dial(throwsIn?.client);
  return {
    client,
    server,
    listening,
    acceptor,
    address,
    async settled() {
      const probe = await dial();
      await probe.client.send("ping");
      await probe.server.until(() => probe.server.receivedBytes === 4);
      probe.server.socket.shutdown();
      await probe.client.until(() => probe.client.events.includes("ended"));
      probe.client.socket.shutdown();
      await probe.server.until(() => probe.server.isClosed);
    },
    async [Symbol.asyncDispose]() {
      for (const end of [client, server]) {
        end.throwsIn = undefined;
        if (!end.isClosed) end.socket.terminate();
        await end.until(() => end.isClosed);
      }
      listening.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Bytes in which every position can be told from its neighbours, so that a lost or doubled piece shows. */
export function patternBytes(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let index = 0; index < words.length; index += 1) words[index] = Math.imul(index, 0x9e3779b1);
  return new Uint8Array(words.buffer, 0, length);
}
