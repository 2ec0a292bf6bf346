// The listeners of the running plan as addresses that are taken. Pure.

import type { ListenerSnapshot } from "../engine/snapshot.ts";
import type { RunningListener } from "./address-register.ts";

/** Also those that could not be bound: they are tried again. */
export function runningListeners(listeners: readonly ListenerSnapshot[]): readonly RunningListener[] {
  return listeners.map(({ name, port, routes }) => {
    const host = hostIn(name);
    return { name, port, routes, ...(host === undefined ? {} : { host }) };
  });
}

/** Of `*:5432`, `127.0.0.1:5432`, `[::1]:5432`; `undefined`: all. */
function hostIn(name: string): string | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):/.exec(name);
  const host = match?.[1] ?? match?.[2];
  return host === "*" ? undefined : host;
}
