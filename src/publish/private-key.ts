import { createPrivateKey, generateKeyPairSync, randomBytes, scrypt, type KeyObject, type ScryptOptions } from "node:crypto"
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js"
import { z } from "zod"
import { HoldfastError } from "../base/errors.ts"
import type { Secret } from "../base/secret.ts"
import { readPublicKey, type PublicKey } from "../release/public-key.ts"

/** A pair as cosign writes it: cosign signs with it, and this program with cosign's. */
export interface KeyPair {
  /** PEM, encrypted with the passphrase. */
  readonly privateKey: string
  readonly publicKey: PublicKey
}

const PEM_TYPE = "ENCRYPTED SIGSTORE PRIVATE KEY"
const ONE_KEY = /^-----BEGIN (ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY)-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----\s*$/
/** What cosign uses; a file that asks for sharply more would only make us wait. */
const SCRYPT = { N: 65536, r: 8, p: 1 } as const
const MAX_SCRYPT_N = 2 ** 20
const KEY_BYTES = 32
const NONCE_BYTES = 24

const boxSchema = z.object({
  kdf: z.object({
    name: z.literal("scrypt"),
    params: z.object({
      N: z.number().int().min(2).max(MAX_SCRYPT_N),
      r: z.number().int().min(1).max(32),
      p: z.number().int().min(1).max(16),
    }),
    salt: z.base64(),
  }),
  cipher: z.object({ name: z.literal("nacl/secretbox"), nonce: z.base64() }),
  ciphertext: z.base64(),
})

type Box = z.infer<typeof boxSchema>

/** A new P-256 pair, its private half encrypted the way cosign does it: scrypt, then NaCl's secretbox. */
export async function makeKeyPair(passphrase: Secret): Promise<KeyPair> {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const [salt, nonce] = [randomBytes(32), randomBytes(NONCE_BYTES)]
  const key = await derive(passphrase, salt, SCRYPT)
  const plain = pair.privateKey.export({ type: "pkcs8", format: "der" })
  const box: Box = {
    kdf: { name: "scrypt", params: { ...SCRYPT }, salt: salt.toString("base64") },
    cipher: { name: "nacl/secretbox", nonce: nonce.toString("base64") },
    ciphertext: Buffer.from(xsalsa20poly1305(key, nonce).encrypt(plain)).toString("base64"),
  }
  return {
    privateKey: pemOf(PEM_TYPE, Buffer.from(JSON.stringify(box))),
    publicKey: readPublicKey(String(pair.publicKey.export({ type: "spki", format: "pem" }))),
  }
}

/** Opens a private key that `makeKeyPair` or cosign wrote. Throws RELEASE_KEY_LOCKED for a wrong passphrase, RELEASE_KEY_INVALID else. */
export async function openPrivateKey(pem: string, passphrase: Secret): Promise<KeyObject> {
  const box = readBox(pem)
  const nonce = Buffer.from(box.cipher.nonce, "base64")
  if (nonce.byteLength !== NONCE_BYTES) throw invalid("its nonce is not one of secretbox")
  const key = await derive(passphrase, Buffer.from(box.kdf.salt, "base64"), box.kdf.params)
  const opened = createPrivateKeyFrom(unseal(key, nonce, Buffer.from(box.ciphertext, "base64")))
  if (opened.asymmetricKeyType !== "ec" || opened.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw invalid("it is not an ECDSA key on the curve P-256")
  }
  return opened
}

function readBox(pem: string): Box {
  const body = ONE_KEY.exec(pem)?.[2]
  if (body === undefined) throw invalid(`it does not hold exactly one PEM block ${PEM_TYPE}`)
  const parsed = boxSchema.safeParse(parseJson(Buffer.from(body, "base64").toString("utf8")))
  if (parsed.success) return parsed.data
  throw invalid(`its encryption is not known: ${parsed.error.issues[0]?.path.join(".") ?? ""}`)
}

function unseal(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  try {
    return xsalsa20poly1305(key, nonce).decrypt(ciphertext)
  } catch (cause) {
    throw new HoldfastError("RELEASE_KEY_LOCKED", { what: "the passphrase does not open the private key", cause })
  }
}

function createPrivateKeyFrom(der: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" })
  } catch {
    throw invalid("what it encrypts is no private key")
  }
}

async function derive(passphrase: Secret, salt: Uint8Array, { N, r, p }: { N: number; r: number; p: number }): Promise<Uint8Array> {
  const options: ScryptOptions = { N, r, p, maxmem: 256 * N * r }
  return await new Promise((resolve, reject) => {
    scrypt(passphrase.reveal(), salt, KEY_BYTES, options, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}

function pemOf(type: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? []
  return `-----BEGIN ${type}-----\n${lines.join("\n")}\n-----END ${type}-----\n`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function invalid(why: string): HoldfastError {
  return new HoldfastError("RELEASE_KEY_INVALID", {
    what: "the private key cannot be used",
    why,
    hint: "Give the private key that `holdfast release keygen` or `cosign generate-key-pair` wrote.",
  })
}
