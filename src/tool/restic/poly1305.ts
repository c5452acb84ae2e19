const BLOCK_BYTES = 16
const PRIME = (1n << 130n) - 5n
/** Bits of `r` that RFC 8439 wants cleared. */
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn
const LOW_128_BITS = (1n << 128n) - 1n

/** The authenticator of RFC 8439, 2.5, for texts of a few hundred bytes; Node offers it only together with ChaCha20. */
export function poly1305(text: Buffer, r: Buffer, s: Buffer): Buffer {
  const factor = littleEndian(r) & CLAMP
  let sum = 0n
  for (let at = 0; at < text.length; at += BLOCK_BYTES) {
    const block = text.subarray(at, at + BLOCK_BYTES)
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * factor) % PRIME
  }
  return toBytes((sum + littleEndian(s)) & LOW_128_BITS)
}

function littleEndian(bytes: Buffer): bigint {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n)
}

function toBytes(number: bigint): Buffer {
  return Buffer.from(Buffer.from(number.toString(16).padStart(2 * BLOCK_BYTES, "0"), "hex").toReversed())
}
