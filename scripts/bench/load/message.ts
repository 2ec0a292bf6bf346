// The small messages of the request, connect and idle columns: a number that tells each from every other, and filling.

/** Bytes in one message: a short query or answer. */
export const MESSAGE_BYTES = 64;

/** Fills `message` with the one that has this number. */
export function writeMessage(message: Uint8Array, number: number): void {
  new DataView(message.buffer, message.byteOffset).setUint32(0, number);
  message.fill(number & 0xff, 4);
}

/** Whether `bytes` is the message with this number, whole and unchanged. */
export function isMessage(bytes: Uint8Array, number: number): boolean {
  return (
    bytes.length === MESSAGE_BYTES &&
    new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === number &&
    bytes[MESSAGE_BYTES - 1] === (number & 0xff)
  );
}
