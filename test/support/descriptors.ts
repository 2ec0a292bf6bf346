// What this process holds open, as the kernel tells it.

import { readdirSync, readlinkSync } from "node:fs";

/** How many sockets this process has open now. */
export function openSockets(): number {
  return readdirSync("/proc/self/fd").filter((name) => linkOf(name).startsWith("socket:")).length;
}

function linkOf(name: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${name}`);
  } catch {
    return ""; // The descriptor that the directory was read with.
  }
}
