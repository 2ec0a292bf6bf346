// The first packet of a PostgreSQL client: what it asks for before any session exists ("Frontend/Backend Protocol", the
// message formats, and the server's own bounds). Pure and total: every input has a verdict, and one other than `more`
// stays the same whatever bytes come after.

/** What the client sends first, and how many bytes that takes. */
export type PostgresStart =
  /**
   * It wants TLS, or encryption by GSSAPI. Answer with one byte and read the next packet. Bytes after `length` were sent
   * before the answer, in the clear: who accepts must refuse them, or they pass as if they had been encrypted.
   */
  | { readonly kind: "ssl-request" | "gss-request"; readonly length: number }
  /** It wants the statement of another session cancelled: the one whose key this is. Such a connection does nothing else. */
  | { readonly kind: "cancel-request"; readonly pid: number; readonly key: Uint8Array; readonly length: number }
  /** It begins a session. */
  | PostgresStartup
  /** It begins with a TLS record, as `sslnegotiation=direct` does: what follows is for whoever reads TLS. */
  | { readonly kind: "tls" };

/** A client's wish to begin a session. */
export interface PostgresStartup {
  readonly kind: "startup";
  /** The major version is 3; servers negotiate minor versions and options that begin with `_pq_.`. */
  readonly version: { readonly major: number; readonly minor: number };
  readonly user: string;
  /** The user's name when the client named none, as the server does. */
  readonly database: string;
  /** All of them in their order, of repeated ones the last. What is not UTF-8 has U+FFFD in its place. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly length: number;
}

/**
 * What the bytes so far are: `more` when more are needed, `not-postgres` when no PostgreSQL client begins so, `malformed`
 * when one does and its packet can only be wrong (`why` is a phrase for people, fit for an error response).
 */
export type PostgresVerdict =
  "more" | { readonly kind: "not-postgres" } | { readonly kind: "malformed"; readonly why: string } | PostgresStart;

/** The longest first packet that a server reads, with its length: `more` is never said of as many bytes. */
export const MAX_POSTGRES_START_BYTES = 10_004;
/** Accepts a request for TLS; the client's next byte begins its handshake. */
export const POSTGRES_TLS_ACCEPTED = 0x53;
/** Refuses a request for TLS or GSSAPI; the client goes on in the clear, or away. */
export const POSTGRES_ENCRYPTION_REFUSED = 0x4e;

/** The length itself, and a code: a version, or one of the requests. */
const HEADER_BYTES = 8;
/** In the place of the major version: a request. */
const REQUEST = 1234;
const [CANCEL, SSL, GSS] = [5678, 5679, 5680];
/** Of protocol 3.0 and 3.2. */
const [MIN_KEY_BYTES, MAX_KEY_BYTES] = [4, 256];
/** Content type of a TLS handshake record; no packet as long as this byte would make it is a first one. */
const TLS_HANDSHAKE = 0x16;
const LENGTH_AND_PID_BYTES = 12;

const NOT_POSTGRES: PostgresVerdict = Object.freeze({ kind: "not-postgres" });

/** Reads the first packet from all bytes of a connection so far, or since the last answer to a request. */
export function readPostgresStart(bytes: Uint8Array): PostgresVerdict {
  const [first, second, third, fourth, ...code] = bytes.subarray(0, HEADER_BYTES);
  if (first === undefined) return "more";
  if (first === TLS_HANDSHAKE) return { kind: "tls" };
  if (first !== 0 || (second ?? 0) !== 0 || (third ?? 0) << 8 > MAX_POSTGRES_START_BYTES) return NOT_POSTGRES;
  if (third === undefined || fourth === undefined) return "more";
  const length = (third << 8) | fourth;
  if (length < HEADER_BYTES || length > MAX_POSTGRES_START_BYTES) return NOT_POSTGRES;
  const [majorHigh, majorLow, minorHigh, minorLow] = code;
  if (majorHigh === undefined) return "more";
  if (majorHigh !== 0 && majorHigh !== REQUEST >> 8) return NOT_POSTGRES;
  if (majorLow === undefined) return "more";
  const major = (majorHigh << 8) | majorLow;
  if (major === 1 || major === 2) return malformed(`Expected protocol version 3, found ${major}`);
  if (major !== 3 && major !== REQUEST) return NOT_POSTGRES;
  if (minorHigh === undefined || minorLow === undefined) return "more";
  const minor = (minorHigh << 8) | minorLow;
  return major === REQUEST ? readRequest(bytes, minor, length) : readStartup(bytes, { major, minor }, length);
}

function readRequest(bytes: Uint8Array, code: number, length: number): PostgresVerdict {
  if (code === SSL || code === GSS) {
    if (length !== HEADER_BYTES) return malformed(`Expected a request of ${HEADER_BYTES} bytes, found ${length}`);
    return { kind: code === SSL ? "ssl-request" : "gss-request", length };
  }
  if (code !== CANCEL) return malformed(`Unknown request ${code}`);
  const keyBytes = length - LENGTH_AND_PID_BYTES;
  if (keyBytes < MIN_KEY_BYTES || keyBytes > MAX_KEY_BYTES) {
    return malformed(`Expected a key of ${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} bytes, found ${Math.max(0, keyBytes)}`);
  }
  if (bytes.length < length) return "more";
  const pid = new DataView(bytes.buffer, bytes.byteOffset, length).getUint32(HEADER_BYTES);
  return { kind: "cancel-request", pid, key: bytes.slice(LENGTH_AND_PID_BYTES, length), length };
}

/** Pairs of names and values, each up to its NUL, and a NUL after the last pair that is also the packet's last byte. */
function readStartup(bytes: Uint8Array, version: PostgresStartup["version"], length: number): PostgresVerdict {
  if (length === HEADER_BYTES) return malformed("The start-up packet has no parameters");
  if (bytes.length < length) return "more";
  const packet = bytes.subarray(0, length);
  const parameters = new Map<string, string>();
  let at = HEADER_BYTES;
  while (packet[at] !== 0) {
    const nameEnd = packet.indexOf(0, at);
    const valueEnd = nameEnd === -1 ? -1 : packet.indexOf(0, nameEnd + 1);
    if (valueEnd === -1 || valueEnd + 1 === length) return malformed("The start-up packet ends within a parameter");
    const name = decode(packet.subarray(at, nameEnd));
    // Servers and poolers disagree on which of two counts, and routes are chosen by these.
    if ((name === "user" || name === "database") && parameters.has(name)) {
      return malformed(`The start-up packet has two parameters "${name}"`);
    }
    parameters.set(name, decode(packet.subarray(nameEnd + 1, valueEnd)));
    at = valueEnd + 1;
  }
  if (at !== length - 1) return malformed("The start-up packet goes on after its end");
  const user = parameters.get("user") ?? "";
  if (user === "") return malformed("The start-up packet names no user");
  const database = parameters.get("database") ?? "";
  return { kind: "startup", version, user, database: database === "" ? user : database, parameters, length };
}

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

function malformed(why: string): PostgresVerdict {
  return { kind: "malformed", why };
}
