// Reads Bun's sockets by their descriptors (`socket.fd` is there in Bun 1.4.5 without being documented; a contract test says
// so). Only for paused sockets and on the event loop's thread, so that Bun never reads the same bytes.

import { readSync } from "node:fs";
import type { DirectReader } from "../socket/direct-reader.ts";
import type { Socket } from "../socket/socket.ts";

/** Half of what an event can bring: below it, events keep up. */
const WORTHWHILE_BYTES = 256 * 1024;

/** Larger reads gain nothing more, and one turn stays well below a millisecond. */
const READ_BYTES = 1024 * 1024;

const NOTHING = new Uint8Array(0);

/** A reader with a buffer of its own; `null` on Windows, whose socket handles are not file descriptors. */
export function directReader(): DirectReader | null {
  if (process.platform === "win32") return null;
  let buffer: Uint8Array | undefined;
  return {
    worthwhileBytes: WORTHWHILE_BYTES,
    sizeBytes: READ_BYTES,
    reaches: (socket) => descriptorOf(socket) !== undefined,
    read(socket) {
      const descriptor = descriptorOf(socket);
      if (descriptor === undefined) return NOTHING;
      buffer ??= new Uint8Array(READ_BYTES);
      const count = readNow(descriptor, buffer);
      return count === READ_BYTES ? buffer : buffer.subarray(0, count);
    },
    later(turn) {
      setImmediate(turn);
    },
  };
}

function descriptorOf(socket: Socket): number | undefined {
  const descriptor = "fd" in socket ? socket.fd : undefined;
  return typeof descriptor === "number" && descriptor >= 0 ? descriptor : undefined;
}

/** Bytes read; 0 when there is nothing now or the peer has sent FIN. Throws the errno error of a broken connection. */
function readNow(descriptor: number, into: Uint8Array): number {
  try {
    return readSync(descriptor, into, 0, into.length, null);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return 0;
    throw error;
  }
}
