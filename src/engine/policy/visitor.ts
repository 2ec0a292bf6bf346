// What expressions may ask of a client, read when they ask: most policies look at its address alone.

import { parseIp, type Ip } from "../../base/ip.ts";
import type { ConnFacts, TlsFacts } from "../../cel/scope.ts";
import type { Socket } from "../../socket/socket.ts";
import type { ClientFacts } from "../hello/client-facts.ts";

export class Visitor implements ConnFacts {
  readonly #facts: ClientFacts;
  readonly #socket: Socket;

  constructor(facts: ClientFacts, socket: Socket) {
    this.#facts = facts;
    this.#socket = socket;
  }

  /** Absent on unix sockets. */
  get ip(): Ip | undefined {
    const { host } = this.#facts;
    return host === undefined ? undefined : parseIp(host);
  }

  get clientIp(): string {
    return this.#facts.host ?? "";
  }

  get clientPort(): number {
    const { client } = this.#facts;
    const port = Number(client.slice(client.lastIndexOf(":") + 1));
    return Number.isInteger(port) ? port : 0;
  }

  get serverIp(): string {
    return this.#facts.destination?.host ?? this.#socket.localAddress ?? "";
  }

  get serverPort(): number {
    return this.#facts.destination?.port ?? this.#socket.localPort ?? 0;
  }

  get startedMs(): number {
    return performance.timeOrigin + this.#facts.openedMs;
  }

  get tls(): TlsFacts | undefined {
    const { serverName, tls, alpn, speaksTls } = this.#facts;
    if (speaksTls !== true && tls === undefined) return undefined;
    return {
      version: tls?.replace(/^TLSv/, "") ?? "",
      cipherSuite: "",
      sni: serverName ?? "",
      alpn: alpn ?? "",
      ja4: "",
      resumed: false,
    };
  }
}
