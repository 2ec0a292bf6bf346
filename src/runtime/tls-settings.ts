// Settings of TLS that every runtime shares, in the forms that OpenSSL and its kin want.

/**
 * Ciphers up to TLS 1.2: forward secrecy and authenticated encryption only. A server takes the first that the client has.
 * Those of TLS 1.3 are all sound and not chosen by this list.
 */
export const CIPHERS_TLS12: string = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** `SSL_OP_NO_TICKET`: no session can be resumed, so every client's certificate is verified anew. */
export const NO_TICKETS = 0x4000;

/** Names as TLS has them: a byte of length before each. Names have 1–255 bytes, one character each. */
export function alpnWire(names: readonly string[]): Buffer {
  return Buffer.concat(names.map((name) => Buffer.from(String.fromCharCode(name.length) + name, "latin1")));
}
