// Reads what a client has to say before its route is known: PROXY header → what PostgreSQL asks for → first TLS message →
// match → admit → TLS that ends here → client certificate. Top to bottom, bounded in time and bytes, and whatever is in
// doubt is refused. A listener whose routes need nothing of this never makes one.

import { lookupCidr } from "../../base/cidr-map.ts";
import type { HelloPlan } from "../../plan/plan.ts";
import type { Trust } from "../../resource/credentials.ts";
import { asError } from "../../runtime/error-code.ts";
import type { Handshake, TlsOwner } from "../../runtime/tls.ts";
import type { Socket } from "../../socket/socket.ts";
import { type ClientHello, HelloReader } from "../../wire/client-hello.ts";
import { postgresError } from "../../wire/postgres-error.ts";
import { readProxyHeader } from "../../wire/proxy-protocol.ts";
import { LEFT_AFTER_HANDSHAKE, type Refusal, ROUTE_CHANGED } from "../limit/refusal.ts";
import type { Route, RunningEntry } from "../route.ts";
import type { Services } from "../services.ts";
import { decideByCertificate } from "./by-certificate.ts";
import { choosePlain, chooseTls, unwanted } from "./choose.ts";
import { describeHandshakeFailure } from "./handshake-failure.ts";
import { believeProxy } from "./client-facts.ts";
import { PendingClient, type ReceptionHost } from "./pending-client.ts";
import { PostgresOpening } from "./postgres-opening.ts";

/** What is read next. `session`: what PostgreSQL says inside of TLS. */
type Phase = "proxy" | "postgres" | "hello" | "handshake" | "session";

/** PostgreSQL's words for why there is no session: the server rejected it, the client may not have it. */
const [REJECTED, NOT_AUTHORIZED] = ["08004", "28000"];

/** Receives a client of a listener whose plan has a `hello`. */
export function receiveClient(client: Socket, host: ReceptionHost, hello: HelloPlan, services: Services): void {
  new Reception(client, host, hello, services).begin();
}

class Reception extends PendingClient implements TlsOwner {
  readonly #hello: HelloPlan;
  #phase: Phase = "proxy";
  #reader: HelloReader | null = null;
  #opening: PostgresOpening | null = null;
  /** The client asked for TLS in the clear: it speaks PostgreSQL, whatever it offers by ALPN. */
  #asked = false;
  /** What the client's name, protocol and address leave to choose from. */
  #cell: readonly RunningEntry[] = [];
  #heard = false;
  /** By what its certificate is verified. */
  #trust: Trust | undefined;

  constructor(client: Socket, host: ReceptionHost, hello: HelloPlan, services: Services) {
    super(client, host, services);
    this.#hello = hello;
  }

  begin(): void {
    this.socket.data = this;
    const { timeoutMs, proxy } = this.#hello;
    if (timeoutMs !== 0) this.services.wheel.schedule(this, this.facts.openedMs + timeoutMs);
    const { ip } = this;
    if (proxy === undefined || ip === undefined || lookupCidr(proxy.from, ip) === -1) this.#afterProxy();
  }

  // --- events -----------------------------------------------------------------------------------------------------

  opened(): void {}
  writable(): void {}

  received(bytes: Uint8Array): void {
    if (!this.isHere) return;
    this.#heard = true;
    this.bytes.add(bytes);
    this.#read();
  }

  ended(): void {
    if (this.isLeaving) this.socket.end();
    // A probe connects and goes away again; that is nobody's fault.
    else if (!this.#heard) this.refuse(undefined, { reason: "done" });
    // Most often because it does not accept our certificate, which by TLS 1.3 it finds out last.
    else if (this.#phase === "session" && this.bytes.length === 0) this.refuse(this.entry?.route, LEFT_AFTER_HANDSHAKE);
    else this.#malformed("It ended before it had said what it wants");
  }

  closed(error?: Error): void {
    const reason = error === undefined && !this.#heard ? "done" : "client-reset";
    if (this.#phase !== "handshake") return this.refuse(this.entry?.route, { reason });
    this.refuse(this.#only, { reason: "tls-failed", detail: describeHandshakeFailure(error) });
  }

  failed(error: Error): void {
    this.services.log.write("error", "internal", error.message, { id: String(this.facts.id), stack: error.stack });
    if (this.isHere) this.refuse(this.entry?.route, { reason: "internal" });
    else this.socket.terminate();
  }

  override expired(): void {
    this.refuse(this.entry?.route, { reason: "hello-timeout" });
  }

  // --- reading ----------------------------------------------------------------------------------------------------

  /** Goes on with what is there. */
  #read(): void {
    if (this.#phase === "proxy") this.#readProxyHeader();
    else if (this.#phase === "hello") this.#readHello();
    else if (this.#phase !== "handshake") this.#readPostgres();
  }

  #readProxyHeader(): void {
    const verdict = readProxyHeader(this.bytes.view, this.#hello.proxy?.versions ?? "any");
    if (verdict === "more") return;
    if (verdict.kind === "missing") return this.refuse(undefined, { reason: "proxy-header-missing" });
    if (verdict.kind === "malformed") return this.#malformed(verdict.why);
    believeProxy(this.facts, verdict.header);
    this.bytes.skip(verdict.length);
    this.#afterProxy();
  }

  #afterProxy(): void {
    const { protocol, tls } = this.#hello;
    if (protocol === "tcp" && tls === undefined) return this.#choosePlain();
    this.#phase = protocol === "postgres" ? "postgres" : "hello";
    if (protocol === "postgres") this.#opening = new PostgresOpening(tls !== undefined, false);
    else this.#reader = new HelloReader();
    if (this.bytes.length > 0) this.#read();
  }

  #readPostgres(): void {
    for (;;) {
      const step = this.#opening?.read(this.bytes.view);
      switch (step?.kind) {
        case "answer":
          if (this.socket.write(Uint8Array.of(step.byte)) !== 1)
            return this.refuse(undefined, { reason: "client-reset" });
          this.bytes.skip(step.length);
          continue;
        case "tls":
          this.#phase = "hello";
          this.#reader = new HelloReader();
          this.#asked = step.asked;
          this.facts.postgresTls = true;
          return this.#readHello();
        case "startup":
          return this.#phase === "session" ? this.#beginSession() : this.#choosePlain();
        case "cancel":
          return this.#cancel(step.pid, step.key, step.length);
        case "wrong":
          return this.#malformed(step.why);
        case "more":
        case undefined:
          return;
      }
    }
  }

  #readHello(): void {
    const verdict = this.#reader?.read(this.bytes.view);
    switch (verdict?.kind) {
      case "hello":
        this.seen = { hello: this.bytes.view.subarray(0, verdict.hello.length) };
        return this.#chooseTls(verdict.hello);
      case "not-tls":
        if (this.#hello.protocol === "tcp") return this.#choosePlain();
        return this.#malformed("Not TLS, although TLS was asked for");
      case "too-large":
        return this.refuse(undefined, { reason: "hello-too-large" });
      case "malformed":
        return this.#malformed(verdict.why);
      case "more":
      case undefined:
        return;
    }
  }

  // --- choosing ---------------------------------------------------------------------------------------------------

  #choosePlain(): void {
    if (!this.isReadBy(this.#hello)) return this.refuse(undefined, ROUTE_CHANGED);
    const entry = this.host.entries[choosePlain(this.host.plan, this.ip)];
    const { protocol, tls } = this.#hello;
    const postgres = protocol === "postgres";
    if (entry !== undefined) {
      if (this.admit(entry)) this.serve(postgres ? this.host.sessions : null);
      return;
    }
    const refusal: Refusal = { reason: "no-route", detail: tls === undefined ? "Nobody takes this address" : "No TLS" };
    if (!postgres) return this.refuse(undefined, refusal);
    const wanted = "this port wants TLS: connect with sslmode=require or stronger";
    const message = tls === undefined ? "no route of this port is for this address" : wanted;
    this.refuseWith(postgresError("FATAL", REJECTED, message), undefined, refusal);
  }

  #chooseTls({ serverName, alpn }: ClientHello): void {
    const { protocol } = this.#hello;
    this.facts.speaksTls = true;
    if (serverName !== undefined) this.facts.serverName = serverName;
    if (!this.isReadBy(this.#hello)) return this.refuse(undefined, ROUTE_CHANGED);
    const tls = this.host.plan.hello?.tls;
    if (tls === undefined) return protocol === "tcp" ? this.#choosePlain() : this.refuse(undefined, ROUTE_CHANGED);
    // PostgreSQL insists on it, too: without, a browser could be made to talk to a database.
    if (protocol === "postgres" && !this.#asked && !alpn.includes("postgresql")) {
      return this.#malformed('TLS from the first byte on without the protocol "postgresql"');
    }
    const { entries } = this.host;
    const indices = chooseTls(tls, serverName, alpn, this.ip);
    this.#cell = indices.map((index) => entries[index]).filter((entry) => entry !== undefined);
    const ends = this.#cell.find(({ route }) => route.plan.tls?.mode === "terminate");
    if (ends !== undefined) return this.#terminate(ends);
    // Certificates of clients whose TLS goes through are not seen here.
    const entry = this.#cell.find(({ route }) => route.plan.clientCert === undefined);
    if (entry === undefined) this.refuse(this.#only, { reason: "no-route", detail: unwanted(serverName) });
    else if (this.admit(entry)) this.serve(protocol === "postgres" ? this.host.sessions : null);
  }

  // --- TLS that ends here -----------------------------------------------------------------------------------------

  #terminate({ route }: RunningEntry): void {
    const { tls } = this.services.runtime;
    if (route.tls.context === null || tls === null) {
      return this.refuse(this.#only, { reason: "tls-failed", detail: "The certificate of the route cannot be used" });
    }
    // Where only one route is left, it decides about the address before a handshake is paid for.
    const [first] = this.#cell;
    if (this.#cell.length === 1 && first !== undefined && !this.#admitEarly(first)) return;
    this.found(this.#cell);
    this.#phase = "handshake";
    const { tls: plan } = route.plan;
    if (plan?.mode === "terminate") {
      this.#trust = plan.clientAuth?.trust;
      this.seen = { ...this.seen, shown: plan.identity.certificate };
    }
    try {
      const secured = tls.accept(this.socket, route.tls.context, this.bytes.take(), this);
      if (this.isHere) this.socket = secured;
    } catch (cause) {
      this.failed(asError(cause));
    }
  }

  secured(socket: Socket, handshake: Handshake): void {
    if (!this.isHere) return socket.terminate();
    this.socket = socket;
    this.seen = { ...this.seen, handshake };
    this.facts.tls = handshake.version;
    if (handshake.alpn !== undefined) this.facts.alpn = handshake.alpn;
    delete this.facts.postgresTls;
    this.#phase = "session";
    const decision = decideByCertificate(this.#cell, handshake, this.#trust, Date.now());
    if (decision.certificate !== undefined) this.facts.certificate = decision.certificate;
    if ("reason" in decision) return this.#deny(decision.route, decision.reason, decision.detail);
    const { entry } = decision;
    if (!this.isStill(entry, true)) return this.refuse(entry.route, ROUTE_CHANGED);
    if (this.entry === null && !this.#admitEarly(entry)) return;
    if (this.#hello.protocol === "postgres") this.#opening = new PostgresOpening(false, true);
    else this.serve(null);
  }

  /** Limits are for sessions: whoever is here to cancel one must get through when all is full. */
  #admitEarly(entry: RunningEntry): boolean {
    if (this.#hello.protocol !== "postgres") return this.admit(entry);
    this.entry = entry;
    if (entry.route.allows(this.facts.host)) return true;
    this.refuse(entry.route, entry.route.denial);
    return false;
  }

  #beginSession(): void {
    const { entry } = this;
    if (entry === null) return this.refuse(undefined, { reason: "internal" });
    if (!this.isStill(entry)) return this.refuse(entry.route, ROUTE_CHANGED);
    if (this.admit(entry)) this.serve(this.host.sessions);
  }

  #deny(route: Route | undefined, reason: "client-cert-invalid" | "denied-certificate", detail: string): void {
    const refusal: Refusal = { reason, detail };
    if (this.#hello.protocol !== "postgres") return this.refuse(route, refusal);
    const why = reason === "client-cert-invalid" ? `is not accepted: ${detail}` : "is not allowed here";
    this.refuseWith(postgresError("FATAL", NOT_AUTHORIZED, `the client certificate ${why}`), route, refusal);
  }

  // --- the rest ---------------------------------------------------------------------------------------------------

  #cancel(pid: number, key: Uint8Array, length: number): void {
    const { sessions } = this.host;
    const owner = sessions.find(pid, key);
    // Clients may ask in the clear although their session is in TLS; inside of TLS they ask where the session is.
    const owners =
      owner !== undefined ? [owner] : this.#phase === "session" ? [] : sessions.sealedOf(this.facts.client);
    if (owners.length > 0) return this.serveCancel(owners, length);
    this.refuse(this.entry?.route, { reason: "no-route", detail: "It wants to cancel a session that is not here" });
  }

  #malformed(detail: string): void {
    const reason = this.#phase === "proxy" ? "proxy-header-malformed" : "hello-malformed";
    this.refuse(this.entry?.route, { reason, detail });
  }

  /** The only route that is left. */
  get #only(): Route | undefined {
    return this.#cell.length === 1 ? this.#cell[0]?.route : undefined;
  }
}
