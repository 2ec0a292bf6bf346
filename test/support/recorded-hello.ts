// First messages of real TLS clients, as record-hellos.ts has recorded them.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export function recordedHello(name: string): Buffer {
  const text = readFileSync(join(import.meta.dir, "../fixtures/client-hello", `${name}.hex`), "utf8");
  return Buffer.from(text.replaceAll(/\s/g, ""), "hex");
}
