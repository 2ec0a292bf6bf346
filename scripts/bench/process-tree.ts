// What the kernel knows about a process and its children: CPU time and memory, read from /proc (Linux only), and their
// end. A proxy with a master and a worker counts as one.

import { readFileSync } from "node:fs";

/** Kernel clock ticks per second in /proc; fixed at 100 for all Linux user space. */
const TICKS_PER_SECOND = 100;

/** The process and all that descend from it. */
export function processTree(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  return [pid, ...children.flatMap(processTree)];
}

/** User and system time so far, of all threads, including those that have ended. In seconds, to 10 ms. */
export function cpuSeconds(pid: number): number {
  let ticks = 0;
  for (const member of processTree(pid)) {
    // The command, in parentheses, may hold blanks; utime and stime are the 12th and 13th fields after it.
    const stat = read(`/proc/${member}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Resident memory in KiB. */
export function residentKiB(pid: number): number {
  let total = 0;
  for (const member of processTree(pid)) {
    total += Number(/^Rss:\s+(\d+) kB/m.exec(read(`/proc/${member}/smaps_rollup`))?.[1] ?? 0);
  }
  return total;
}

/** Resident memory in KiB once it has stopped moving, or after the limit. */
export async function settledKiB(pid: number): Promise<number> {
  const intervalMs = 250;
  const steadyReadings = 4;
  const limit = performance.now() + 8000;
  let last = residentKiB(pid);
  let steady = 0;
  while (steady < steadyReadings && performance.now() < limit) {
    await Bun.sleep(intervalMs);
    const now = residentKiB(pid);
    steady = Math.abs(now - last) <= last / 500 ? steady + 1 : 0;
    last = now;
  }
  return last;
}

/** Kills the process and all its children at once. */
export function killTree(pid: number): void {
  for (const member of processTree(pid)) {
    try {
      process.kill(member, "SIGKILL");
    } catch (error) {
      // Gone already, which is what is wanted.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}

/** A file of /proc; empty when the process has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
