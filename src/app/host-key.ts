import { createHash, createPrivateKey, createPublicKey } from "node:crypto"
import { z } from "zod"
import { HoldfastError } from "../base/errors.ts"

/**
 * The fingerprint of an SSH host key as `ssh-keygen -lf` prints it (`SHA256:…`), from the private file (PEM or OpenSSH form) or the public line.
 * @throws KEY_MISMATCH when the text is no key of a kind that is known; the text itself is in no message
 */
export function hostKeyFingerprint(text: string): string {
  const digest = createHash("sha256").update(publicBlob(text.trim())).digest("base64")
  return `SHA256:${digest.replace(/=+$/, "")}`
}

function publicBlob(text: string): Buffer {
  const line = /^(?:ssh-|ecdsa-)\S+ (\S+)/.exec(text)
  if (line) return Buffer.from(line[1] ?? "", "base64")
  if (text.includes("BEGIN OPENSSH PRIVATE KEY")) return blobOfOpenSsh(text)
  return blobOfPem(text)
}

/** The public key lies in clear in this form: magic, cipher, kdf, kdf options, count, then the blob. */
function blobOfOpenSsh(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll(/-----[^-]+-----/g, ""), "base64")
  let at = "openssh-key-v1\0".length
  for (let skipped = 0; skipped < 3; skipped += 1) at += 4 + bytes.readUInt32BE(at)
  at += 4
  return bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at))
}

const jwkSchema = z.object({
  kty: z.string(),
  crv: z.string().optional(),
  x: z.string().optional(),
  y: z.string().optional(),
  n: z.string().optional(),
  e: z.string().optional(),
})

function blobOfPem(text: string): Buffer {
  const jwk = jwkSchema.parse(readPem(text))
  if (jwk.kty === "RSA") return Buffer.concat([field(Buffer.from("ssh-rsa")), field(positive(jwk.e)), field(positive(jwk.n))])
  if (jwk.crv === "Ed25519") return Buffer.concat([field(Buffer.from("ssh-ed25519")), field(Buffer.from(jwk.x ?? "", "base64url"))])
  const curve = /^P-(256|384|521)$/.exec(jwk.crv ?? "")?.[1]
  if (curve === undefined) throw new HoldfastError("KEY_MISMATCH", { what: `a host key of the kind ${jwk.kty} is not known` })
  const point = Buffer.concat([Buffer.of(4), Buffer.from(jwk.x ?? "", "base64url"), Buffer.from(jwk.y ?? "", "base64url")])
  return Buffer.concat([field(Buffer.from(`ecdsa-sha2-nistp${curve}`)), field(Buffer.from(`nistp${curve}`)), field(point)])
}

function readPem(text: string): unknown {
  try {
    return createPublicKey(createPrivateKey(text)).export({ format: "jwk" })
  } catch {
    throw new HoldfastError("KEY_MISMATCH", { what: "the host key's file is not a key that can be read" })
  }
}

/** SSH writes integers with a leading zero byte where the highest bit is set. */
function positive(base64url: string | undefined): Buffer {
  const bytes = Buffer.from(base64url ?? "", "base64url")
  return (bytes[0] ?? 0) >= 128 ? Buffer.concat([Buffer.of(0), bytes]) : bytes
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
