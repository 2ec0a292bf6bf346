// Finds the key by which a PostgreSQL session can be cancelled, in what its server sends until the session is ready. It
// sees the chunks that pass by anyway, looks at the headers of their messages, and keeps nothing but the key itself. What
// it does not expect makes it give up, never fail: the session goes on, only nobody can cancel it by its key.

/** `more` while the session begins; then the key, or why there is none (a phrase for people). Final when not `more`. */
export type BackendKeyVerdict =
  | "more"
  | { readonly kind: "key"; readonly pid: number; readonly key: Uint8Array }
  | { readonly kind: "none"; readonly why: string };

/** Type and length; the length counts itself but not the type. */
const HEADER_BYTES = 5;
const LENGTH_BYTES = 4;
const PID_BYTES = 4;
/** Of protocol 3.0 and 3.2. */
const [MIN_KEY_BYTES, MAX_KEY_BYTES] = [4, 256];
/**
 * What a server says until it is ready: a few rounds of authentication, some fifteen settings, and notices, of which there
 * may be many (`client_min_messages=debug5`, event triggers on login). They pass anyway; only their headers are looked at.
 */
const MAX_MESSAGES = 4096;
const MAX_BYTES = 16 * 1024 * 1024;

const KEY = letter("K");
const READY = letter("Z");
const ERROR = letter("E");
/** Authentication, negotiation of the version, setting, notice. */
const SKIPPED: ReadonlySet<number> = new Set(["R", "v", "S", "N"].map(letter));

/** Scans one session, from the first byte after the answer to a request for TLS. Holds at most 265 bytes. */
export class BackendKeyScanner {
  #verdict: BackendKeyVerdict = "more";
  /** Header of the current message, and after it the body when that is the key. */
  readonly #kept = new Uint8Array(HEADER_BYTES + PID_BYTES + MAX_KEY_BYTES);
  #keptBytes = 0;
  /** How many bytes to keep before they can be judged: a header, or a header and its body. */
  #wanted = HEADER_BYTES;
  /** Bytes of the current message that are passed over. */
  #skip = 0;
  #messages = 0;
  #bytes = 0;

  /** Looks at the next chunk and copies nothing of it but a header or a key. */
  push(chunk: Uint8Array): BackendKeyVerdict {
    let at = 0;
    while (this.#verdict === "more" && at < chunk.length) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, chunk.length - at);
        this.#skip -= passed;
        at += passed;
        continue;
      }
      const part = chunk.subarray(at, at + this.#wanted - this.#keptBytes);
      this.#kept.set(part, this.#keptBytes);
      this.#keptBytes += part.length;
      at += part.length;
      // The type alone may say that this is no session, and then no more is waited for.
      if (this.#keptBytes < HEADER_BYTES) this.#judgeType();
      else if (this.#keptBytes === this.#wanted) this.#judge();
    }
    return this.#verdict;
  }

  #judgeType(): void {
    const [type = 0] = this.#kept;
    if (type === ERROR) this.#giveUp("The server refused the session");
    else if (type === READY) this.#giveUp("The server sent no key");
    else if (type !== KEY && !SKIPPED.has(type)) {
      this.#giveUp(`Unexpected message of type 0x${type.toString(16).padStart(2, "0")}`);
    }
  }

  /** A header is complete, or the key is. */
  #judge(): void {
    const view = new DataView(this.#kept.buffer);
    if (this.#wanted > HEADER_BYTES) {
      const key = this.#kept.slice(HEADER_BYTES + PID_BYTES, this.#wanted);
      this.#verdict = { kind: "key", pid: view.getUint32(HEADER_BYTES), key };
      return;
    }
    this.#judgeType();
    if (this.#verdict !== "more") return;
    const bodyBytes = view.getUint32(1) - LENGTH_BYTES;
    if (this.#kept[0] === KEY) {
      const keyBytes = bodyBytes - PID_BYTES;
      if (keyBytes < MIN_KEY_BYTES || keyBytes > MAX_KEY_BYTES)
        this.#giveUp("The server's key has an impossible length");
      else this.#wanted = HEADER_BYTES + bodyBytes;
      return;
    }
    this.#messages++;
    this.#bytes += HEADER_BYTES + bodyBytes;
    if (bodyBytes < 0) this.#giveUp("A message has an impossible length");
    else if (this.#messages > MAX_MESSAGES) this.#giveUp(`No key within ${MAX_MESSAGES} messages`);
    else if (this.#bytes > MAX_BYTES) this.#giveUp(`No key within ${MAX_BYTES} bytes`);
    this.#skip = bodyBytes;
    this.#keptBytes = 0;
  }

  #giveUp(why: string): void {
    this.#verdict = { kind: "none", why };
  }
}

function letter(text: string): number {
  return text.charCodeAt(0);
}
