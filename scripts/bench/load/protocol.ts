// What the bench and its load process say to each other, over Bun's IPC: one order, one answer, in turn.

/** What the load process is told to do; `port` is the proxy's, or the backend's own for the direct path. */
export type Order =
  | { readonly do: "backend" }
  | { readonly do: "bulk"; readonly port: number; readonly seconds: number; readonly windowBytes: number | "unlimited" }
  | { readonly do: "request" | "connect"; readonly port: number; readonly seconds: number }
  | { readonly do: "hold"; readonly port: number; readonly count: number }
  | { readonly do: "release" };

/** What was done, counted. */
export interface Work {
  readonly units: number;
  readonly seconds: number;
}

/** Answer to an order. `backend` answers with the port in `units`. */
export type Answer = { readonly work: Work } | { readonly error: string };
