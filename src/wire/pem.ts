// Takes a text in PEM (RFC 7468) apart: certificates, keys and lists of revoked certificates between their lines of dashes.
// What is around them is passed over, as every reader of PEM does. What is in them is not looked at, and no error ever
// carries a part of the text: it may be a key.

/** What one pair of lines encloses. */
export interface PemBlock {
  /** What the lines call it, such as `CERTIFICATE`. */
  readonly label: string;
  /** Its bytes; of an encrypted one of the old form, and of one that is not base64, there are none. */
  readonly bytes?: Uint8Array;
  /** Whether it has the header lines of the old form of encryption. */
  readonly encrypted: boolean;
}

/** Everything in a text. */
export interface PemText {
  readonly blocks: readonly PemBlock[];
  /** A block begins and does not end, as in a file that is still being written. */
  readonly cut: boolean;
}

/** Bundles of all public authorities have some hundreds. */
const MAX_BLOCKS = 5000;

const BEGIN = /^-----BEGIN ([A-Z0-9 ]{1,64})-----[ \t]*$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Finds all blocks of a text. Total: never throws. */
export function parsePem(text: string): PemText {
  const blocks: PemBlock[] = [];
  let label: string | undefined;
  let body: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const begins = BEGIN.exec(line.trimStart())?.[1];
    if (begins !== undefined) {
      // A block within a block: the first one was never finished.
      if (label !== undefined) return { blocks, cut: true };
      label = begins;
      body = [];
    } else if (label !== undefined && line.trim() === `-----END ${label}-----`) {
      blocks.push(toBlock(label, body));
      label = undefined;
      if (blocks.length >= MAX_BLOCKS) break;
    } else if (label !== undefined) {
      body.push(line.trim());
    }
  }
  return { blocks, cut: label !== undefined };
}

/** Writes one block in the form that every reader of PEM takes. */
export function formatPem(label: string, bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  const lines = btoa(binary).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function toBlock(label: string, lines: readonly string[]): PemBlock {
  // Header lines, as `Proc-Type: 4,ENCRYPTED`, end with an empty line.
  const hasHeaders = lines[0]?.includes(":") === true;
  const blank = lines.indexOf("");
  const encrypted = hasHeaders && lines.some((line) => line.startsWith("Proc-Type:") && line.includes("ENCRYPTED"));
  const bytes = encrypted ? undefined : decodeBase64(lines.slice(hasHeaders ? blank + 1 : 0).join(""));
  return { label, encrypted, ...(bytes === undefined ? {} : { bytes }) };
}

/** The bytes of a text in base64 with its padding; `undefined` when it is none, or empty. Total. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !BASE64.test(text)) return undefined;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
