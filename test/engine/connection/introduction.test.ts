import { describe, expect, test } from "bun:test";
import { introduce, type Introducing, type Introduction } from "../../../src/engine/connection/introduction.ts";
import type { Tls, TlsOwner } from "../../../src/runtime/tls.ts";
import type { Socket } from "../../../src/socket/socket.ts";
import { MemorySocket } from "../../support/memory-socket.ts";

const HEADER = new TextEncoder().encode("PROXY UNKNOWN\r\n");
const SSL_REQUEST = [0, 0, 0, 8, 4, 210, 22, 47];

function unused(): never {
  throw new Error("Not asked for here");
}

/** What became of it, and the handshakes that were begun. */
class Scene implements Introducing {
  readonly socket = new MemorySocket(1024);
  readonly outcomes: string[] = [];
  readonly handshakes: (readonly [serverName: string | undefined, owner: TlsOwner])[] = [];
  /** Thrown by the next handshake. */
  broken: Error | undefined;
  readonly #tls: Tls;

  constructor() {
    this.#tls = {
      serverContext: unused,
      clientContext: unused,
      accept: unused,
      start: (socket, _context, serverName, owner) => {
        if (this.broken !== undefined) throw this.broken;
        this.handshakes.push([serverName, owner]);
        socket.data = owner;
        return socket;
      },
    };
  }

  get tls(): NonNullable<Introduction["tls"]> {
    return { engine: this.#tls, context: { role: "client" }, serverName: "db.example" };
  }

  begin(what: Partial<Introduction>): { cancel(): void } {
    return introduce(this.socket, { proxyHeader: null, asksForTls: false, tls: null, ...what }, this);
  }

  introduced(socket: Socket): void {
    this.outcomes.push(socket === this.socket ? "introduced" : "introduced another");
  }

  notIntroduced(error: Error): void {
    this.outcomes.push(error.message);
  }

  /** What the backend heard. */
  get heard(): readonly number[] {
    this.socket.read(1024);
    return this.socket.readByPeer;
  }

  answer(text: string): void {
    this.socket.feed(new TextEncoder().encode(text));
    this.socket.deliver();
  }

  secure(): void {
    this.handshakes[0]?.[1].secured(this.socket, { version: "TLSv1.3" });
  }
}

describe("an introduction", () => {
  test("of a PROXY header alone is over at once", () => {
    const scene = new Scene();
    scene.begin({ proxyHeader: HEADER });
    expect(scene.outcomes).toEqual(["introduced"]);
    expect(scene.heard).toEqual([...HEADER]);
  });

  test("says the header, asks for TLS and shakes hands, in this order", () => {
    const scene = new Scene();
    scene.begin({ proxyHeader: HEADER, asksForTls: true, tls: scene.tls });
    expect(scene.heard).toEqual([...HEADER, ...SSL_REQUEST]);
    expect(scene.handshakes).toEqual([]);
    scene.answer("S");
    expect(scene.handshakes.map(([name]) => name)).toEqual(["db.example"]);
    expect(scene.outcomes).toEqual([]);
    scene.secure();
    expect(scene.outcomes).toEqual(["introduced"]);
  });

  test("is over when TLS is granted where the client shakes hands itself", () => {
    const scene = new Scene();
    scene.begin({ asksForTls: true });
    scene.answer("S");
    expect(scene.outcomes).toEqual(["introduced"]);
  });

  for (const [answer, why] of [
    ["N", "The server does not offer TLS"],
    ["E\0\0\0\x19SFATAL\0Msorry\0\0", 'The server refuses to begin TLS: "SFATAL Msorry"'],
    ["\x16\x03\x01", 'Not a PostgreSQL server: ""'],
    ["SS", "The server sent bytes in the clear after it agreed to TLS"],
    ["S\x16\x03\x03\0\x05", "The server sent bytes in the clear after it agreed to TLS"],
  ] as const) {
    test(`fails when a request for TLS is answered with ${JSON.stringify(answer)}`, () => {
      const scene = new Scene();
      scene.begin({ asksForTls: true, tls: scene.tls });
      scene.answer(answer);
      expect(scene.outcomes).toEqual([why]);
      expect(scene.handshakes).toEqual([]);
      expect(scene.socket.peerSawReset).toBe(true);
    });
  }

  test("fails once when the backend ends, resets or breaks", () => {
    const ended = new Scene();
    ended.begin({ asksForTls: true });
    ended.socket.finish();
    ended.socket.deliver();
    expect(ended.outcomes).toEqual(["It ended the connection before it was ready"]);

    const reset = new Scene();
    reset.begin({ asksForTls: true });
    reset.socket.reset();
    expect(reset.outcomes).toHaveLength(1);

    const broken = new Scene();
    broken.socket.broken = true;
    broken.begin({ proxyHeader: HEADER, asksForTls: true, tls: broken.tls });
    expect(broken.outcomes).toEqual(["It closed the connection at once"]);
    expect(broken.handshakes).toEqual([]);
  });

  test("fails when a handshake does, or cannot be begun", () => {
    const refused = new Scene();
    refused.begin({ tls: refused.tls });
    refused.handshakes[0]?.[1].closed(new Error("CERT_HAS_EXPIRED"));
    expect(refused.outcomes).toEqual(["TLS handshake failed: CERT_HAS_EXPIRED"]);

    const impossible = new Scene();
    impossible.broken = new Error("No name");
    impossible.begin({ tls: impossible.tls });
    expect(impossible.outcomes).toEqual(["No name"]);
    expect(impossible.socket.peerSawReset).toBe(true);
  });

  test("tells nobody anything after it was cancelled", () => {
    for (const then of ["answer", "reset", "end"] as const) {
      const scene = new Scene();
      const run = scene.begin({ asksForTls: true });
      run.cancel();
      expect(scene.socket.peerSawReset).toBe(true);
      if (then === "answer") scene.answer("S");
      else if (then === "reset") scene.socket.reset();
      else scene.socket.finish();
      run.cancel();
      expect(scene.outcomes).toEqual([]);
    }
  });

  test("that was cancelled during a handshake does away with what comes of it", () => {
    const scene = new Scene();
    const run = scene.begin({ tls: scene.tls });
    run.cancel();
    scene.secure();
    expect(scene.outcomes).toEqual([]);
    expect(scene.socket.peerSawReset).toBe(true);
  });
});
