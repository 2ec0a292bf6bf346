// The subjects of a run, started in front of the backend that each column needs: a plain one, or one that speaks TLS.
// A subject that cannot serve is left out of the columns concerned, and remembered, so that the others are measured.

import { HOSTNAME, type Identity, makeIdentity } from "./certificate.ts";
import type { Column } from "./column.ts";
import type { LoadClient } from "./load-client.ts";
import { type Context, type Running, type Service, type Setup, startSubject, type Subject } from "./subject.ts";

/** Starts subjects, keeps those that serve for the whole run, and ends them. */
export class Fleet {
  readonly #load: LoadClient;
  readonly #limits: Pick<Setup, "connections" | "tuned">;
  readonly #running = new Map<string, Running>();
  readonly #backends = new Map<"plain" | "tls", Promise<number>>();
  #identity: Promise<Identity> | undefined;
  /** What kept subjects from serving, for people. */
  readonly failures: string[] = [];

  constructor(load: LoadClient, limits: Pick<Setup, "connections" | "tuned">) {
    this.#load = load;
    this.#limits = limits;
  }

  /** Starts the subjects for every service that has columns on processes that live for the whole run. */
  async startAll(subjects: readonly Subject[], columns: readonly Column[]): Promise<void> {
    const services = new Set(columns.filter(({ fresh }) => !fresh).map(({ service }) => service));
    for (const service of services) {
      for (const subject of subjects) {
        const context = await this.#context(subject, service);
        try {
          this.#running.set(`${service} ${subject.key}`, await startSubject(subject, context));
        } catch (error) {
          this.failures.push(error instanceof Error ? error.message : String(error));
        }
      }
    }
  }

  /** The process that `startAll` started, if it serves. */
  get(subject: Subject, service: Service): Running | undefined {
    return this.#running.get(`${service} ${subject.key}`);
  }

  /** Starts a process that the caller stops. Throws when it does not serve. */
  async start(subject: Subject, service: Service): Promise<Running> {
    return await startSubject(subject, await this.#context(subject, service));
  }

  /** Ends the processes that `startAll` started. */
  async stop(): Promise<void> {
    for (const running of this.#running.values()) await running.stop();
  }

  async #context(subject: Subject, service: Service): Promise<Context> {
    if (service === "tcp") return { ...this.#limits, backendPort: await this.#backend("plain") };
    const { certificate, certificateFile, keyFile } = await this.#ownIdentity();
    // Without a proxy the backend itself has to speak the clients' TLS.
    const speaksTls = service === "passthrough" || subject.prepare === undefined;
    return {
      ...this.#limits,
      backendPort: await this.#backend(speaksTls ? "tls" : "plain"),
      tls: { mode: service, hostname: HOSTNAME, certificateFile, keyFile },
      clientTls: {
        serverName: HOSTNAME,
        authority: certificate,
        // Bun would agree on a post-quantum key exchange with itself, and on the classic one with others. Where it is
        // not the proxy that answers, the hello is as long as those of browsers.
        ...(service === "terminate" ? { group: "X25519" } : {}),
      },
    };
  }

  #ownIdentity(): Promise<Identity> {
    this.#identity ??= makeIdentity();
    return this.#identity;
  }

  async #backend(kind: "plain" | "tls"): Promise<number> {
    const started = this.#backends.get(kind) ?? this.#startBackend(kind);
    this.#backends.set(kind, started);
    return await started;
  }

  async #startBackend(kind: "plain" | "tls"): Promise<number> {
    const tls = kind === "tls" ? { tls: await this.#ownIdentity() } : {};
    return (await this.#load.order({ do: "backend", ...tls })).units;
  }
}
