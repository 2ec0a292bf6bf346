// The admin port's bearer token: given by the environment, or made at first start and kept beside the state file where
// the CLI of the same user finds it. Never logs it and never puts it into a message.

import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, open, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import process from "node:process";
import { GatewayError } from "../base/gateway-error.ts";

/** The token and how it came to be. */
export interface AdminToken {
  readonly token: string;
  readonly source: "environment" | "file" | "created";
  /** Where it is kept; absent when it came from the environment. */
  readonly file?: string;
  /** The file could be read by others and was given mode 0600: somebody may know the token. */
  readonly repaired: boolean;
}

/** 256 bits: beyond guessing. */
const TOKEN_BYTES = 32;

/** A token must fit into one header line; more than this is a wrong file. */
const MAX_TOKEN_CHARACTERS = 1024;

/** What a bearer token may consist of (RFC 6750, section 2.1). */
const TOKEN_PATTERN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Where the token of the gateway with this state file is kept. */
export function adminTokenFile(statePath: string): string {
  return `${statePath}.token`;
}

/**
 * The token from the environment when it is set and not empty, else from the file, which is made when missing: of several
 * processes that start at once, all get the same one. Throws GatewayError: `token/invalid` (not a bearer token),
 * `state/token-permissions` (others can read the file and that cannot be changed), `state/token-file` (cannot be read or made).
 */
export async function loadAdminToken(statePath: string, fromEnvironment?: string): Promise<AdminToken> {
  if (fromEnvironment !== undefined && fromEnvironment !== "") {
    return { token: judged(fromEnvironment, "SALLYPORT_ADMIN_TOKEN"), source: "environment", repaired: false };
  }
  const file = adminTokenFile(statePath);
  const existing = await readTokenFile(file);
  if (existing !== undefined) return existing;
  const created = await createTokenFile(file);
  // Somebody else was first: theirs is complete, because it appeared with its content.
  const loaded = created ?? (await readTokenFile(file));
  if (loaded === undefined) throw new GatewayError("state/token-file", `Cannot keep "${file}": it vanished again`);
  return loaded;
}

async function readTokenFile(file: string): Promise<AdminToken | undefined> {
  let handle: FileHandle;
  try {
    // Neither somebody else's file behind a link, nor a pipe that never answers.
    handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return undefined;
    throw new GatewayError("state/token-file", `Cannot open the token file "${file}": ${reason(cause)}`, cause);
  }
  try {
    await requireOwnFile(handle, file);
    const repaired = await hideFromOthers(handle, file);
    const buffer = new Uint8Array(MAX_TOKEN_CHARACTERS + 2);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    const text = new TextDecoder().decode(buffer.subarray(0, bytesRead)).trim();
    return { token: judged(text, `the token file "${file}"`), source: "file", file, repaired };
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError("state/token-file", `Cannot read the token file "${file}": ${reason(cause)}`, cause);
  } finally {
    await handle.close();
  }
}

/** A token that another user wrote is known to that user. */
async function requireOwnFile(handle: FileHandle, file: string): Promise<void> {
  const stat = await handle.stat();
  const own = process.geteuid === undefined || stat.uid === process.geteuid() || stat.uid === 0;
  if (stat.isFile() && own) return;
  const why = stat.isFile() ? "it belongs to another user" : "it is not a regular file";
  throw new GatewayError("state/token-owner", `Cannot use the token file "${file}": ${why}`);
}

async function hideFromOthers(handle: FileHandle, file: string): Promise<boolean> {
  // Windows has no such bits and reports 0666 for every file.
  if (process.platform === "win32") return false;
  const { mode } = await handle.stat();
  if ((mode & 0o077) === 0) return false;
  try {
    await handle.chmod(0o600);
  } catch (cause) {
    throw new GatewayError(
      "state/token-permissions",
      `Cannot use the token file "${file}": others can read it and its mode cannot be changed to 0600`,
      cause,
    );
  }
  return true;
}

/** Makes the file with its content in one step; `undefined` when there is one already. */
async function createTokenFile(file: string): Promise<AdminToken | undefined> {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const draft = `${file}.${randomBytes(8).toString("hex")}`;
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(`${token}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    try {
      // Unlike rename, link never replaces, and unlike O_EXCL on the final name, nobody can see the file half-written.
      await link(draft, file);
    } finally {
      await unlink(draft);
    }
  } catch (cause) {
    if (errnoOf(cause) === "EEXIST") return undefined;
    throw new GatewayError("state/token-file", `Cannot make the token file "${file}": ${reason(cause)}`, cause);
  }
  return { token, source: "created", file, repaired: false };
}

function judged(token: string, from: string): string {
  if (token.length <= MAX_TOKEN_CHARACTERS && TOKEN_PATTERN.test(token)) return token;
  throw new GatewayError(
    "token/invalid",
    `Cannot use the admin token from ${from}: it must be 1 to ${MAX_TOKEN_CHARACTERS} letters, digits or "-._~+/" in one line`,
  );
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
