// What the bench and its load process say to each other, over Bun's IPC: one order, one answer, in turn.

/** How clients speak to what is measured, where they speak TLS. */
export interface ClientTls {
  readonly serverName: string;
  /** The certificate, in PEM, that the answering certificate has to be signed by. */
  readonly authority: string;
  /** The only key exchange that is offered; absent: what Bun offers, which includes a post-quantum one. */
  readonly group?: string;
}

/** What a TLS backend shows, in PEM. */
export interface ServerTls {
  readonly certificate: string;
  readonly key: string;
}

interface Dialling {
  readonly port: number;
  readonly tls?: ClientTls | undefined;
}

/** What the load process is told to do; `port` is the proxy's, or the backend's own for the direct path. */
export type Order =
  | { readonly do: "backend"; readonly tls?: ServerTls }
  | ({ readonly do: "bulk"; readonly seconds: number; readonly windowBytes: number | "unlimited" } & Dialling)
  | ({ readonly do: "connect"; readonly seconds: number } & Dialling)
  | { readonly do: "request"; readonly port: number; readonly seconds: number }
  | { readonly do: "hold"; readonly port: number; readonly count: number }
  | { readonly do: "release" };

/** What was done, counted. */
export interface Work {
  readonly units: number;
  readonly seconds: number;
}

/** Answer to an order. `backend` answers with the port in `units`. */
export type Answer = { readonly work: Work } | { readonly error: string };
