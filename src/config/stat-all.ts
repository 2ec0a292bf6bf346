// Attributes of many files. Asked for one after the other they cost a turn of the event loop each, which for thousands of
// files is most of what a reload takes.

import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";

import { asError } from "../runtime/error-code.ts";

/** Questions at once: enough to keep the threads that answer them busy. */
const AT_ONCE = 256;

/** What is at each path, through symbolic links, or why that cannot be said. Never rejects. */
export async function statAll(paths: readonly string[]): Promise<readonly (Stats | Error)[]> {
  const all: (Stats | Error)[] = [];
  for (let start = 0; start < paths.length; start += AT_ONCE) {
    const settled = await Promise.allSettled(paths.slice(start, start + AT_ONCE).map((path) => stat(path)));
    for (const each of settled) all.push(each.status === "fulfilled" ? each.value : asError(each.reason));
  }
  return all;
}
