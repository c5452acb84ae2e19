/** The file that holds a vault's master key, sealed with a key derived from its password (restic's design: scrypt, AES-256-CTR, Poly1305-AES). */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync, timingSafeEqual } from "node:crypto"
import { poly1305 } from "@noble/ciphers/_poly1305.js"
import { z } from "zod"

const keyFileSchema = z.strictObject({
  created: z.string(),
  username: z.string(),
  hostname: z.string(),
  kdf: z.literal("scrypt"),
  N: z.number().int().min(2),
  r: z.number().int().min(1),
  p: z.number().int().min(1),
  salt: z.base64(),
  data: z.base64(),
})

export type KeyFile = z.infer<typeof keyFileSchema>
export type Derivation = Pick<KeyFile, "N" | "r" | "p">

const SALT_BYTES = 64
const NONCE_BYTES = 16
const MAC_BYTES = 16

/** Null when the text is none that we understand. */
export function parseKeyFile(text: string): KeyFile | null {
  try {
    return keyFileSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** What the file seals; null when the password is not its own, or its bytes were changed. */
export function unseal(file: KeyFile, password: string): Buffer | null {
  const sealed = Buffer.from(file.data, "base64")
  if (sealed.length < NONCE_BYTES + MAC_BYTES) return null
  const nonce = sealed.subarray(0, NONCE_BYTES)
  const text = sealed.subarray(NONCE_BYTES, -MAC_BYTES)
  const keys = derive(password, Buffer.from(file.salt, "base64"), file)
  if (!timingSafeEqual(authenticate(keys, nonce, text), sealed.subarray(-MAC_BYTES))) return null
  const decipher = createDecipheriv("aes-256-ctr", keys.encryption, nonce)
  return Buffer.concat([decipher.update(text), decipher.final()])
}

/** The same master key in a new file, with a new salt, derived as told. */
export function sealAgain(file: KeyFile, master: Buffer, password: string, derivation: Derivation): KeyFile {
  const salt = randomBytes(SALT_BYTES)
  const nonce = randomBytes(NONCE_BYTES)
  const keys = derive(password, salt, derivation)
  const cipher = createCipheriv("aes-256-ctr", keys.encryption, nonce)
  const text = Buffer.concat([cipher.update(master), cipher.final()])
  const data = Buffer.concat([nonce, text, authenticate(keys, nonce, text)]).toString("base64")
  return { ...file, ...derivation, salt: salt.toString("base64"), data }
}

interface Keys {
  readonly encryption: Buffer
  readonly macOfNonce: Buffer
  readonly macOfText: Buffer
}

function derive(password: string, salt: Buffer, { N, r, p }: Derivation): Keys {
  const derived = scryptSync(password, salt, 64, { N, r, p, maxmem: 256 * r * (N + p) })
  return { encryption: derived.subarray(0, 32), macOfNonce: derived.subarray(32, 48), macOfText: derived.subarray(48, 64) }
}

function authenticate({ macOfNonce, macOfText }: Keys, nonce: Buffer, text: Buffer): Buffer {
  const cipher = createCipheriv("aes-128-ecb", macOfNonce, null).setAutoPadding(false)
  const key = Buffer.concat([macOfText, cipher.update(nonce), cipher.final()])
  return Buffer.from(poly1305(text, key))
}
