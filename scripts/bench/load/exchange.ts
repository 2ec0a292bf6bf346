// A client that exchanges messages with the echoing backend one at a time: the next is sent when the answer to the last
// has arrived whole. What it does between answers is decided by whoever made it.

import { encodeHeader } from "./backend.ts";
import { joinBytes } from "./join-bytes.ts";
import { isMessage, MESSAGE_BYTES, writeMessage } from "./message.ts";
import type { LoadSocket, Role } from "./role.ts";

const NOTHING = new Uint8Array(0);

/** One connection that exchanges messages. */
export class Exchange implements Role {
  readonly #answered: (exchange: Exchange) => void;
  readonly #message = new Uint8Array(MESSAGE_BYTES);
  readonly #done = Promise.withResolvers<void>();
  #socket: LoadSocket | undefined;
  #number: number;
  #partial: Uint8Array = NOTHING;
  #finished = false;

  /** `answered` is called after each answer, and calls `next` or `finish`, then or later. */
  constructor(firstNumber: number, answered: (exchange: Exchange) => void) {
    this.#number = firstNumber;
    this.#answered = answered;
  }

  /** Resolves when the connection was finished and closed without loss; rejects when it failed in any way. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Sends the next message. */
  next(): void {
    this.#number++;
    writeMessage(this.#message, this.#number);
    this.#send(this.#message);
  }

  /** Sends FIN and waits for the other side's. */
  finish(): void {
    this.#finished = true;
    this.#socket?.shutdown();
  }

  opened(socket: LoadSocket): void {
    this.#socket = socket;
    writeMessage(this.#message, this.#number);
    this.#send(joinBytes(encodeHeader("E", 0), this.#message));
  }

  received(_socket: LoadSocket, chunk: Uint8Array): void {
    const answer = joinBytes(this.#partial, chunk);
    if (answer.length < MESSAGE_BYTES) {
      this.#partial = answer.slice();
    } else if (isMessage(answer, this.#number)) {
      this.#partial = NOTHING;
      this.#answered(this);
    } else {
      this.failed(new Error(`The answer to message ${this.#number} came changed`));
    }
  }

  writable(): void {}

  ended(socket: LoadSocket): void {
    socket.shutdown();
  }

  closed(error: Error | undefined): void {
    if (error !== undefined) this.failed(error);
    else if (this.#finished && this.#partial.length === 0) this.#done.resolve();
    else this.failed(new Error("A connection was closed before it was finished"));
  }

  failed(error: Error): void {
    this.#done.reject(error);
  }

  #send(bytes: Uint8Array): void {
    // A message always fits an empty send buffer.
    if (this.#socket?.write(bytes) !== bytes.length) this.failed(new Error("A message could not be sent"));
  }
}
