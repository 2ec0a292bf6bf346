// Where and on what the figures were taken: they mean little without it.

import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";

/** One fact per line, for people and for the JSON file. */
export function machineFacts(): Readonly<Record<string, string>> {
  return {
    date: new Date().toISOString(),
    cpu: `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} cores`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `Linux ${release()}`,
    bun: `${Bun.version} (${Bun.revision.slice(0, 8)})`,
    commit: gitCommit(),
  };
}

/**
 * How many connections every process can hold: each takes two descriptors in the proxy and in the load process. Never
 * more than `wanted`.
 */
export function connectionBudget(wanted: number): number {
  const hard = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  // Listeners, logs and libraries need some as well.
  const reserved = 400;
  return hard === undefined ? wanted : Math.min(wanted, Math.floor((Number(hard) - reserved) / 2));
}

function gitCommit(): string {
  const commit = git("rev-parse", "--short=10", "HEAD");
  if (commit === "") return "unknown";
  return git("status", "--porcelain") === "" ? commit : `${commit}, with uncommitted changes`;
}

function git(...args: string[]): string {
  const { success, stdout } = Bun.spawnSync(["git", "-C", import.meta.dir, ...args]);
  return success ? stdout.toString().trim() : "";
}
