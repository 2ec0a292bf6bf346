// Where the PostgreSQL sessions of a listener are, by the keys with which they can be cancelled. A key is read off what the
// server says at the beginning of a session that is readable here; a request to cancel has nothing else to go by. Of
// sessions whose TLS goes through it is only known whose they are.

import type { Direction, Throttle } from "../socket/pipe.ts";
import type { Flow } from "../socket/flow.ts";
import { OuterSocket } from "../socket/outer-socket.ts";
import type { Socket } from "../socket/socket.ts";
import { BackendKeyScanner } from "../wire/postgres-backend-key.ts";
import { hostOf } from "./connection/peer.ts";
import type { Pool } from "./pool/pool.ts";
import type { Target } from "./pool/target.ts";
import type { Route } from "./route.ts";

/** Who has a session. */
export interface SessionOwner {
  readonly route: Route;
  /** The target's. */
  readonly pool: Pool;
  readonly target: Target;
  readonly portOffset: number;
}

/** Servers that one request to cancel is passed on to: everybody can make one. */
const MAX_SEALED = 8;

export class PostgresSessions {
  readonly #owners = new Map<string, SessionOwner>();
  /** Of sessions that cannot be read, by their clients' hosts. */
  readonly #sealed = new Map<string, Set<SessionOwner>>();

  find(pid: number, key: Uint8Array): SessionOwner | undefined {
    return this.#owners.get(sessionName(pid, key));
  }

  add(name: string, owner: SessionOwner): void {
    this.#owners.set(name, owner);
  }

  /** Unless somebody else has the name by now: servers draw their keys without asking each other. */
  remove(name: string, owner: SessionOwner): void {
    if (this.#owners.get(name) === owner) this.#owners.delete(name);
  }

  /** A session of `client`, an `address:port`, that cannot be read; it is known until it is closed. */
  addSealed(client: string, owner: SessionOwner): { close(): void } {
    const host = hostOf(client);
    const owners = this.#sealed.get(host) ?? new Set();
    this.#sealed.set(host, owners.add(owner));
    return {
      close: () => {
        if (owners.delete(owner) && owners.size === 0) this.#sealed.delete(host);
      },
    };
  }

  /** Who may have a session of `client` that cannot be read, the latest first: each target once, and not too many. */
  sealedOf(client: string): readonly SessionOwner[] {
    const found = new Map<string, SessionOwner>();
    for (const owner of [...(this.#sealed.get(hostOf(client)) ?? [])].toReversed()) {
      const { target, portOffset } = owner;
      const place = `${target.address} ${portOffset}`;
      if (!found.has(place)) found.set(place, owner);
      if (found.size === MAX_SEALED) break;
    }
    return [...found.values()];
  }
}

function sessionName(pid: number, key: Uint8Array): string {
  return `${pid}/${Buffer.from(key).toString("latin1")}`;
}

/** Reads the key of one session in passing, and keeps the session findable until it is closed. */
export class SessionWatch implements Throttle {
  readonly #sessions: PostgresSessions;
  readonly #owner: SessionOwner;
  readonly #inner: Throttle | null;
  #name: string | null = null;
  #closed = false;

  /** `inner`: what limits the connection besides. */
  constructor(sessions: PostgresSessions, owner: SessionOwner, inner: Throttle | null) {
    this.#sessions = sessions;
    this.#owner = owner;
    this.#inner = inner;
  }

  throttle(sink: Socket, direction: Direction, writer: Flow): Socket {
    const inner = this.#inner === null ? sink : this.#inner.throttle(sink, direction, writer);
    return direction === "out" ? new WatchedSink(inner, this) : inner;
  }

  found(pid: number, key: Uint8Array): void {
    if (this.#closed) return;
    this.#name = sessionName(pid, key);
    this.#sessions.add(this.#name, this.#owner);
  }

  close(): void {
    this.#closed = true;
    if (this.#name !== null) this.#sessions.remove(this.#name, this.#owner);
  }
}

/** The client's side of a session, as its server's bytes are written to it. */
class WatchedSink extends OuterSocket {
  readonly #watch: SessionWatch;
  #scanner: BackendKeyScanner | null = new BackendKeyScanner();

  constructor(inner: Socket, watch: SessionWatch) {
    super(inner);
    this.#watch = watch;
  }

  /** What was taken is looked at before the client can have it: it may cancel at once. */
  write(bytes: Uint8Array, offset = 0, length = bytes.length - offset): number {
    const taken = this.inner.write(bytes, offset, length);
    if (this.#scanner !== null && taken > 0) this.#scan(this.#scanner, bytes.subarray(offset, offset + taken));
    return taken;
  }

  #scan(scanner: BackendKeyScanner, bytes: Uint8Array): void {
    const verdict = scanner.push(bytes);
    if (verdict === "more") return;
    this.#scanner = null;
    if (verdict.kind === "key") this.#watch.found(verdict.pid, verdict.key);
  }
}
