// What expressions may ask of a client, read when they ask: most policies look at its address alone.

import { parseIp, type Ip } from "../../base/ip.ts";
import type { ConnFacts, TlsFacts } from "../../cel/scope.ts";
import type { Socket } from "../../socket/socket.ts";
import { plainAddress } from "../connection/peer.ts";
import type { ClientFacts } from "../hello/client-facts.ts";
import { type TlsSeen, VisitorTls } from "./visitor-tls.ts";

export class Visitor implements ConnFacts {
  readonly #facts: ClientFacts;
  readonly #socket: Socket;
  readonly #seen: TlsSeen | undefined;
  #startedMs: number | undefined;
  #tls: VisitorTls | undefined;

  /** `seen`: of its TLS; absent when it speaks none that is read. */
  constructor(facts: ClientFacts, socket: Socket, seen?: TlsSeen) {
    this.#facts = facts;
    this.#socket = socket;
    this.#seen = seen;
  }

  /** Absent on unix sockets. */
  get ip(): Ip | undefined {
    const { host } = this.#facts;
    return host === undefined ? undefined : parseIp(host);
  }

  get clientIp(): string {
    return plainAddress(this.#facts.host ?? "");
  }

  get clientPort(): number {
    const { client } = this.#facts;
    const port = Number(client.slice(client.lastIndexOf(":") + 1));
    return Number.isInteger(port) ? port : 0;
  }

  get serverIp(): string {
    return plainAddress(this.#facts.destination?.host ?? this.#socket.localAddress ?? "");
  }

  get serverPort(): number {
    return this.#facts.destination?.port ?? this.#socket.localPort ?? 0;
  }

  get startedMs(): number {
    // By the clock as it is now: the monotonic one does not follow when that is set.
    // Whole ones: timestamps are made of integers.
    this.#startedMs ??= Math.round(Date.now() - (performance.now() - this.#facts.openedMs));
    return this.#startedMs;
  }

  get tls(): TlsFacts | undefined {
    const { tls, speaksTls } = this.#facts;
    if (speaksTls !== true && tls === undefined) return undefined;
    this.#tls ??= new VisitorTls(this.#facts, this.#seen ?? {});
    return this.#tls;
  }
}
