// What this process costs, as far as it can be told cheaply.

import { readdir } from "node:fs/promises";
import process from "node:process";

export interface ProcessSample {
  readonly residentBytes: number;
  /** User and system time since the start. */
  readonly cpuSeconds: number;
  /** Absent where there is no /proc, and when no descriptor is left to look with. */
  readonly openFds: number | undefined;
}

/** Takes a sample of the running process. Never rejects. */
export async function readProcess(): Promise<ProcessSample> {
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1_000_000,
    openFds: await countOpenFds(),
  };
}

async function countOpenFds(): Promise<number | undefined> {
  try {
    return (await readdir("/proc/self/fd")).length;
  } catch {
    // Metrics must not fail with the very problem that they could show: whoever scrapes sees the number missing.
    return undefined;
  }
}
