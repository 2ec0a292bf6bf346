// CRC-32C (Castagnoli), the checksum of RFC 9260's appendix: reflected, 0x1EDC6F41, all ones before and after. It finds
// damage, not intent: who can change bytes can change their checksum too.

/** The polynomial with its bits in reverse order. */
const POLYNOMIAL = 0x82f63b78;
/** What eight steps do to each value of the lowest byte. */
const TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/**
 * The checksum of `bytes`, an unsigned 32-bit integer. `before` is the checksum of what comes before them, so that a
 * message can be given in parts: `crc32c(b, crc32c(a))` is that of a and b together.
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  for (const byte of bytes) value = (value >>> 8) ^ (TABLE[(value ^ byte) & 255] ?? 0);
  return ~value >>> 0;
}
