// Packets of PostgreSQL's protocol, put together by hand.

/** A first packet: its length, its code as four bytes in hexadecimal, and its body. */
export function startPacket(code: string, body: string | Uint8Array = "", length?: number): Uint8Array {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const packet = new Uint8Array(8 + bytes.length);
  new DataView(packet.buffer).setUint32(0, length ?? packet.length);
  packet.set(Uint8Array.fromHex(code), 4);
  packet.set(bytes, 8);
  return packet;
}

/** A message of a session: its type, its length and its body. */
export function message(type: string, body: string | Uint8Array = "", length?: number): Uint8Array {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const packet = new Uint8Array(5 + bytes.length);
  packet[0] = type.charCodeAt(0);
  new DataView(packet.buffer).setUint32(1, length ?? 4 + bytes.length);
  packet.set(bytes, 5);
  return packet;
}
