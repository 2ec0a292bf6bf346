// TCPAddress (our own, design 5): a TCP address that is reserved for as long as the object is there.

import type { Manifest } from "./manifest.ts";

export type TcpAddress = Manifest<"TCPAddress", TcpAddressSpec>;

export interface TcpAddressSpec {
  /** A name of `--tcp-host`; absent: the first one. */
  readonly host?: string;
  /** Absent: any that is free, which it then keeps. */
  readonly port?: number;
  /** For people, like `metadata` for programs. */
  readonly description?: string;
  readonly metadata?: string;
}

/** As much as ngrok allows. */
export const MAX_DESCRIPTION_CHARS = 255;
export const MAX_METADATA_BYTES = 4096;

/** Whether a text is short enough as the description of an address; characters are counted as Kubernetes counts them. */
export function isDescription(text: string): boolean {
  return (
    text.length <= MAX_DESCRIPTION_CHARS ||
    (text.length <= 2 * MAX_DESCRIPTION_CHARS && countOf(text) <= MAX_DESCRIPTION_CHARS)
  );
}

/** Whether a text is short enough as the metadata of an address, in UTF-8. */
export function isMetadata(text: string): boolean {
  return text.length <= MAX_METADATA_BYTES && new TextEncoder().encode(text).length <= MAX_METADATA_BYTES;
}

function countOf(text: string): number {
  return Array.from(text).length;
}
