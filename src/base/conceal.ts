// What must not be repeated in messages, because they go into logs: parts of private keys, recognised by how base64 looks.
// People paste keys where names and paths belong, so this is asked of everything that a message takes from a text.

import { Buffer } from "node:buffer";

/** The shortest run that is looked at. Shorter ones give too little of a key away. */
const RUN = /[A-Za-z0-9+/=_-]{24,}/g;
/** Characters in a run that are in no word: names of temporary files have a few, and base64 nothing else. */
const MIN_ODD_CHARS = 12;
/** What people and tools call things: one case throughout, or words that begin with a capital. */
const WORD = /^(?:[a-z0-9]*|[A-Z0-9]*|[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,})*[0-9]*)$/;

/** A text with "…" in place of everything that could be a part of a key. */
export function conceal(text: string): string {
  return text.replace(RUN, (run) => (isOdd(run) ? "…" : run));
}

/** Whether a text could be a private key, or have a part of one in it. */
export function isSecretive(text: string): boolean {
  return text.includes("-----BEGIN") || text.includes("PRIVATE KEY") || conceal(text) !== text;
}

/** Whether a text may be, or have in it, a Secret of Kubernetes: whatever is in those may be one. */
export function mentionsSecret(text: string): boolean {
  return /\b(?:Secret|stringData)\b/.test(text);
}

/** Text in base64, in one line or in lines of one width, as tools make them; a key of a map, before a colon, is none. */
const ENCODED = /[A-Za-z0-9+/]{40,}(?:\\?\s+(?=[A-Za-z0-9+/]{16,}={0,2}(?:[\s"'\\]|$))[A-Za-z0-9+/]+)*={0,2}/g;

/**
 * A text without what is inside private keys in PEM; also in JSON, where a line feed is `\\n`, and in base64, as Secrets of
 * Kubernetes have them.
 */
export function withoutPrivateKeys(text: string): string {
  const keys = /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;
  return text
    .replaceAll(keys, "$1 (left out) $2")
    .replace(ENCODED, (run) => (decoded(run).includes("PRIVATE KEY-----") ? "(left out)" : run));
}

function decoded(run: string): string {
  return Buffer.from(run.replaceAll(/[\s\\]/g, ""), "base64").toString("latin1");
}

function isOdd(run: string): boolean {
  let odd = 0;
  for (const part of run.split(/[/_=-]/)) if (!WORD.test(part)) odd += part.length;
  return odd >= MIN_ODD_CHARS;
}
