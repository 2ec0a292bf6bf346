// Checksums and hashes of texts, in hexadecimal digits or base64.

import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";

import { type CelFunc, celFunc, celMethod } from "@bufbuild/cel";

import { CelError } from "../cel-error.ts";
import { STRING } from "../type.ts";
import { crc64, xxhash64 } from "./hash64.ts";

type Digest = (bytes: Uint8Array) => Uint8Array;

const DIGESTS: Readonly<Record<string, Digest>> = {
  crc32: (bytes) => {
    const digest = Buffer.alloc(4);
    digest.writeUInt32BE(crc32(bytes));
    return digest;
  },
  crc64: (bytes) => bytesOf(crc64(bytes)),
  md5: (bytes) => createHash("md5").update(bytes).digest(),
  sha1: (bytes) => createHash("sha1").update(bytes).digest(),
  sha256: (bytes) => createHash("sha256").update(bytes).digest(),
  sha512: (bytes) => createHash("sha512").update(bytes).digest(),
  xxhash64: (bytes) => bytesOf(xxhash64(bytes)),
};

/** `hash.<name>(text)` and `text.<name>()`, each with a format as one more argument. */
export const HASH_FUNCTIONS: readonly CelFunc[] = Object.entries(DIGESTS).flatMap(([name, digest]) => [
  celFunc(`hash.${name}`, [STRING], STRING, (text) => write(digest, text, "hex")),
  celFunc(`hash.${name}`, [STRING, STRING], STRING, (text, format) => write(digest, text, format)),
  celMethod(name, STRING, [], STRING, function hash() {
    return write(digest, this, "hex");
  }),
  celMethod(name, STRING, [STRING], STRING, function hash(format) {
    return write(digest, this, format);
  }),
]);

function write(digest: Digest, text: string, format: string): string {
  if (format !== "hex" && format !== "base64")
    throw new CelError("bad-argument", `The format of a hash is "hex" or "base64", not "${format}"`);
  return Buffer.from(digest(Buffer.from(text))).toString(format);
}

function bytesOf(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
