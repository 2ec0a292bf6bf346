// Two connected sockets straight from Bun, for tests of Bun itself: no adapter of ours between Bun and the test.

/** What a test hears from one raw Bun socket, in order: `open`, `data 5`, `drain`, `end`, `close CODE`, `error MESSAGE`. */
export class Heard {
  readonly events: string[] = [];
  readonly chunks: Uint8Array[] = [];
  readonly #waiting = new Set<() => void>();

  tell(event: string): void {
    this.events.push(event);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  count(event: string): number {
    return this.events.filter((heard) => heard === event).length;
  }

  get receivedBytes(): number {
    return this.chunks.reduce((total, chunk) => total + chunk.length, 0);
  }

  /** Resolves when `condition` holds; asked again whenever something was heard. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Resolves when an event that begins with `start` was heard. */
  async heard(start: string): Promise<void> {
    await this.until(() => this.events.some((event) => event.startsWith(start)));
  }
}

type Handlers = Bun.SocketHandler<undefined>;

/** Bun handlers that tell `heard` of everything; `changes` replaces some, and `undefined` removes one. */
export function tellingHandlers(
  heard: Heard,
  changes: { [Name in keyof Handlers]?: Handlers[Name] | undefined } = {},
): Handlers {
  const handlers: Handlers = {
    binaryType: "uint8array",
    open: () => heard.tell("open"),
    data: (_socket, bytes) => {
      heard.chunks.push(bytes);
      heard.tell(`data ${bytes.length}`);
    },
    drain: () => heard.tell("drain"),
    end: () => heard.tell("end"),
    close: (_socket, error) => heard.tell(`close ${codeOf(error)}`.trim()),
    error: (_socket, error) => heard.tell(`error ${error.message}`),
  };
  return Object.fromEntries(Object.entries({ ...handlers, ...changes }).filter(([, value]) => value !== undefined));
}

export interface BunPair extends Disposable {
  readonly client: Bun.Socket<undefined>;
  readonly server: Bun.Socket<undefined>;
  readonly clientHeard: Heard;
  readonly serverHeard: Heard;
}

/** Connects two raw sockets, both with `allowHalfOpen: true`. */
export async function connectBunPair(
  changes: {
    readonly client?: Parameters<typeof tellingHandlers>[1];
    readonly server?: Parameters<typeof tellingHandlers>[1];
  } = {},
): Promise<BunPair> {
  const clientHeard = new Heard();
  const serverHeard = new Heard();
  const accepted = Promise.withResolvers<Bun.Socket<undefined>>();
  const listener = Bun.listen<undefined>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: tellingHandlers(serverHeard, {
      open: (socket) => {
        serverHeard.tell("open");
        accepted.resolve(socket);
      },
      ...changes.server,
    }),
  });
  const client = await Bun.connect<undefined>({
    hostname: "127.0.0.1",
    port: listener.port,
    allowHalfOpen: true,
    socket: tellingHandlers(clientHeard, changes.client),
  });
  const server = await accepted.promise;
  return {
    client,
    server,
    clientHeard,
    serverHeard,
    [Symbol.dispose]: () => listener.stop(true),
  };
}

/**
 * Resolves when a datum went to a socket pair of its own and back: what was under way on loopback before is then told,
 * unless Bun holds it back.
 */
export async function settled(): Promise<void> {
  using pair = await connectBunPair();
  pair.client.write("ping");
  await pair.serverHeard.heard("data");
  pair.server.write("pong");
  await pair.clientHeard.heard("data");
  pair.client.shutdown();
  await pair.serverHeard.heard("end");
  pair.server.shutdown();
  await pair.clientHeard.heard("close");
}

function codeOf(error: Error | undefined): string {
  if (error === undefined) return "";
  return "code" in error && typeof error.code === "string" ? error.code : "without code";
}
