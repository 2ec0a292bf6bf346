// What an action of a policy sees of a client, and what it may come to.

import type { Scope } from "../../cel/scope.ts";
import type { Ip } from "../../base/ip.ts";
import type { Refusal } from "../limit/refusal.ts";
import type { PolicyNote, Verdict } from "./policy-note.ts";

export interface PolicyClient {
  /** What expressions read. */
  readonly scope: Scope;
  /** Absent on unix sockets. */
  readonly ip: Ip | undefined;
  readonly note: PolicyNote;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
}

/** Where a client is sent, or why it is not let in; with `goesOn` the policy has its say again should nobody be reached there. */
export type Decision =
  { readonly forward: string; readonly goesOn: boolean } | { readonly refusal: Refusal; readonly verdict: Verdict };

/** Does one action: a decision, what there is to tell of an action that decides nothing, or nothing. Throws when it cannot. */
export type Act = (client: PolicyClient) => Decision | Verdict | null;
