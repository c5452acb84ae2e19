/** Proves that the keys at hand are those the data was encrypted with, without ever showing a key or a plain text. */
import { createDecipheriv, createHash, createPrivateKey, createPublicKey } from "node:crypto"
import { sha256 } from "../base/canonical-json.ts"
import type { Secret } from "../base/secret.ts"
import type { App } from "./app.ts"
import { keyText, type KeySources } from "./key-texts.ts"
import type { KeyProof } from "./recipe.ts"

export interface KeyProofResult {
  readonly name: string
  /** `unprovable`: nothing speaks against the key, and nothing for it either. */
  readonly status: "proven" | "failed" | "unprovable"
  readonly why: string
}

export interface KeyMaterial {
  readonly key: Secret | null
  readonly keyId: string
  /** `kid:base64key,…` */
  readonly previousKeys: Secret | null
  readonly publicKey: Secret | null
  /** What was recorded when the point was made; null when nothing was. */
  readonly recordedFingerprint: string | null
}

/** The material of a proof from where an app keeps it. */
export function keyMaterial(proof: KeyProof, sources: KeySources, recordedFingerprint: string | null): KeyMaterial {
  const keyId = proof.keyId === undefined ? "" : sources.variable(proof.keyId.env)?.reveal()
  return {
    key: keyText(proof, sources),
    keyId: keyId === undefined || keyId === "" ? (proof.keyId?.default ?? "") : keyId,
    previousKeys: proof.previousKeys === undefined ? null : sources.variable(proof.previousKeys.env),
    publicKey: proof.publicFile === undefined ? null : sources.file(proof.publicFile),
    recordedFingerprint,
  }
}

/**
 * @param rows one encrypted value each, as text (base64, `\x…` hexadecimal of bytea) ; null and empty ones are skipped
 */
export function proveKey(proof: KeyProof, material: KeyMaterial, rows: readonly (string | null)[]): KeyProofResult {
  const result = (status: KeyProofResult["status"], why: string): KeyProofResult => ({ name: proof.name, status, why })
  const key = material.key?.reveal() ?? ""
  if (proof.method === "ed25519-pair") return result(...provePair(key, material.publicKey?.reveal() ?? null))
  const values = rows.filter((row): row is string => row !== null && row !== "").map(bytesOf)
  const minimum = proof.rows?.[0]?.longerThanBytes ?? 0
  const provable = values.filter((value) => value.length > minimum)
  if (key === "") {
    if (provable.length > 0) return result("failed", `the key is missing and ${provable.length} values need it`)
    return material.recordedFingerprint === null
      ? result("unprovable", "there is no key and no value that needs it")
      : result("failed", "the key is missing; one was there when the point was made")
  }
  if (proof.method === "fingerprint" || provable.length === 0)
    return result(...compareFingerprint(fingerprint(key), material.recordedFingerprint, values.length))
  const wrong = provable.map((value) => decrypts(proof.method, value, key, material)).filter((why) => why !== null)
  if (wrong.length === 0) return result("proven", `all ${provable.length} encrypted values decrypt`)
  return result("failed", `${wrong.length} of ${provable.length} encrypted values do not decrypt: ${wrong[0] ?? ""}`)
}

function compareFingerprint(now: string, recorded: string | null, legacy: number): [KeyProofResult["status"], string] {
  const rest = legacy > 0 ? `; ${legacy} values are of an old form that proves nothing` : ""
  if (recorded === null) return ["unprovable", `no encrypted value and no recorded fingerprint to hold it against${rest}`]
  return now === recorded
    ? ["proven", `the fingerprint is the one recorded with the point${rest}`]
    : ["failed", "the fingerprint is not the one recorded with the point"]
}

function provePair(privateText: string, publicText: string | null): [KeyProofResult["status"], string] {
  if (privateText.trim() === "") return ["failed", "the private key is missing or blank"]
  if (publicText === null || publicText.trim() === "") return ["failed", "the public key is missing or blank"]
  try {
    const derived = createPublicKey(createPrivateKey(privateText)).export({ type: "spki", format: "der" })
    const given = createPublicKey(publicText).export({ type: "spki", format: "der" })
    return derived.equals(given)
      ? ["proven", "the public key is the private key's own"]
      : ["failed", "the public key is not the private key's own"]
  } catch {
    return ["failed", "one of the two files is not a key in PEM form"]
  }
}

/** Null when the value decrypts, else why not. */
function decrypts(method: KeyProof["method"], value: Buffer, key: string, material: KeyMaterial): string | null {
  try {
    if (method === "chacha20-sha256") return openChaCha(value, createHash("sha256").update(key).digest())
    if (method === "aes-256-gcm") return openGcm(value, aesKey(key))
    return openEnvelope(value, key, material)
  } catch {
    return "the key does not fit"
  }
}

function openEnvelope(value: Buffer, key: string, material: KeyMaterial): string | null {
  if (value[0] !== 1) return "a value is not in the form that is known (first byte)"
  const length = value[1] ?? 0
  const keyId = value.subarray(2, 2 + length).toString("utf8")
  const found = keyId === material.keyId ? key : previousKey(material.previousKeys, keyId)
  if (found === null) return `a value needs the key with the id ${JSON.stringify(keyId)}, which is not at hand`
  return openGcm(value.subarray(2 + length), aesKey(found))
}

function previousKey(list: Secret | null, keyId: string): string | null {
  for (const entry of list?.reveal().split(",") ?? []) {
    const colon = entry.indexOf(":")
    if (colon > 0 && entry.slice(0, colon).trim() === keyId) return entry.slice(colon + 1).trim()
  }
  return null
}

function aesKey(text: string): Buffer {
  const key = Buffer.from(text.trim(), "base64")
  if (key.length !== 32) throw new RangeError("an AES-256 key has 32 bytes")
  return key
}

/** iv 12, tag 16, ciphertext. `final` throws when the tag does not hold. */
function openGcm(value: Buffer, key: Buffer): null {
  const decipher = createDecipheriv("aes-256-gcm", key, value.subarray(0, 12), { authTagLength: 16 })
  decipher.setAuthTag(value.subarray(12, 28))
  decipher.update(value.subarray(28))
  decipher.final()
  return null
}

/** nonce 12, ciphertext, tag 16 (at the end, as the RustCrypto crate writes it). */
function openChaCha(value: Buffer, key: Buffer): null {
  const decipher = createDecipheriv("chacha20-poly1305", key, value.subarray(0, 12), { authTagLength: 16 })
  decipher.setAuthTag(value.subarray(-16))
  decipher.update(value.subarray(12, -16))
  decipher.final()
  return null
}

function bytesOf(text: string): Buffer {
  return text.startsWith("\\x") ? Buffer.from(text.slice(2), "hex") : Buffer.from(text, "base64")
}

/** SHA-256 of a key's text exactly as the app would use it: a trailing line end changes a key, so it changes the fingerprint. */
function fingerprint(text: string): string {
  return sha256(text)
}

/** The SQL that gives the encrypted values of one proof, one a row; null when it needs none. Names come from the recipe and are quoted. */
export function proofQueries(proof: KeyProof): readonly string[] {
  return (proof.rows ?? []).map(({ table, column }) => `SELECT ${quoted(column)} FROM ${quoted(table)} WHERE ${quoted(column)} IS NOT NULL`)
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Fingerprints of the keys that an app's data needs, by the proof's name, for the manifest; never the keys. Absent and blank keys are left out. */
export function fingerprintKeys(app: App, sources: KeySources): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (app.recipe?.keyProofs ?? []).flatMap((proof) => {
      const text = keyText(proof, sources)?.reveal() ?? ""
      return text.trim() === "" ? [] : [[proof.name, fingerprint(text)]]
    }),
  )
}

/** Ids of the keys that are in use, for the manifest. */
export function activeKeyIds(app: App, sources: KeySources): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (app.recipe?.keyProofs ?? []).flatMap((proof) =>
      proof.keyId === undefined ? [] : [[proof.name, keyMaterial(proof, sources, null).keyId]],
    ),
  )
}
