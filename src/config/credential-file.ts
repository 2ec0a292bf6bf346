// Reads one file that a route refers to: a certificate, a key, a list of revoked certificates. Bounded in bytes, and never
// waits for a writer: what is no regular file is refused before it is read. What is in the file is not looked at.

import { Buffer } from "node:buffer";
import { constants, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";

import { stampOf, stampOfError } from "./stamp.ts";

/** Why a file could not be read: the last part of a code, and a phrase that can follow a colon. */
export interface FileProblem {
  readonly code: "file-missing" | "file-unreadable" | "not-a-file" | "file-too-large";
  readonly why: string;
}

/** A file as it was found. */
export interface CredentialFile {
  /** Of what was at the path before it was read, as `stampAt` gives it: it differs as soon as there is more to read. */
  readonly stamp: string;
  readonly content: Uint8Array | FileProblem;
  /** Whether others than its owner can read it. */
  readonly exposed: boolean;
}

/** A bundle of all public authorities has a quarter of it. */
export const MAX_CREDENTIAL_BYTES = 1024 * 1024;

/** Reads a file. Never rejects. */
export async function readCredentialFile(path: string): Promise<CredentialFile> {
  let found: Stats;
  try {
    found = await stat(path);
  } catch (error) {
    return { stamp: stampOfError(error), content: problemOf(error), exposed: false };
  }
  const stamp = stampOf(found);
  const problem = refuse(found);
  if (problem !== undefined) return { stamp, content: problem, exposed: false };
  try {
    // What is there may have been replaced since: without a wait, even a pipe opens at once.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const opened = await file.stat();
    const exposed = (opened.mode & (constants.S_IRGRP | constants.S_IROTH)) !== 0;
    return { stamp, content: refuse(opened) ?? (await readAll(file)), exposed };
  } catch (error) {
    return { stamp, content: problemOf(error), exposed: false };
  }
}

/** Reads to the end, or past what is allowed. */
async function readAll(file: FileHandle): Promise<Uint8Array | FileProblem> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length <= MAX_CREDENTIAL_BYTES) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, bytesRead));
    length += bytesRead;
  }
  return TOO_LARGE;
}

/** Most files have a few kilobytes. */
const CHUNK_BYTES = 16 * 1024;
const TOO_LARGE: FileProblem = { code: "file-too-large", why: "it has more than 1 MiB" };

function refuse(found: Stats): FileProblem | undefined {
  if (found.isDirectory()) return { code: "not-a-file", why: "it is a directory" };
  if (!found.isFile()) return { code: "not-a-file", why: "it is not a regular file" };
  return found.size > MAX_CREDENTIAL_BYTES ? TOO_LARGE : undefined;
}

function problemOf(error: unknown): FileProblem {
  switch (stampOfError(error)) {
    case "ENOENT":
    case "ENOTDIR":
      return { code: "file-missing", why: "there is no such file" };
    case "EACCES":
    case "EPERM":
      return { code: "file-unreadable", why: "permission denied" };
    case "ELOOP":
      return { code: "file-unreadable", why: "its symbolic links go round in circles" };
    case "ERR_INVALID_ARG_VALUE":
      return { code: "file-missing", why: "no path has a NUL byte" };
    default:
      return { code: "file-unreadable", why: error instanceof Error ? error.message : String(error) };
  }
}
