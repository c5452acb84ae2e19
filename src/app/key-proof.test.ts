import { createCipheriv, createHash, generateKeyPairSync, randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { sha256 } from "../base/canonical-json.ts"
import { Secret } from "../base/secret.ts"
import { type KeyMaterial, proofQueries, proveKey } from "./key-proof.ts"
import type { KeyProof } from "./recipe.ts"

/** As Weavestream writes a password: version, length of the key's id, the id, iv, tag, ciphertext. */
function envelope(key: Buffer, keyId: string, plain: string): string {
  const id = Buffer.from(keyId)
  return Buffer.concat([Buffer.of(1, id.length), id, sealed("aes-256-gcm", key, plain)]).toString("base64")
}

function sealed(method: "aes-256-gcm", key: Buffer, plain: string): Buffer {
  const iv = randomBytes(12)
  const cipher = createCipheriv(method, key, iv)
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), body])
}

/** As Chatalot writes a second factor: the key is the SHA-256 of the text, the tag at the end. */
function chacha(text: string, plain: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv("chacha20-poly1305", createHash("sha256").update(text).digest(), nonce, { authTagLength: 16 })
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return `\\x${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString("hex")}`
}

function material(key: string | null, more: Partial<KeyMaterial> = {}): KeyMaterial {
  return { key: key === null ? null : new Secret(key), keyId: "1", previousKeys: null, publicKey: null, recordedFingerprint: null, ...more }
}

function proof(method: KeyProof["method"], longerThanBytes?: number): KeyProof {
  return { name: "k", method, key: {}, rows: [{ table: "t", column: "c", ...(longerThanBytes === undefined ? {} : { longerThanBytes }) }] }
}

const [one, two] = [randomBytes(32), randomBytes(32)]

describe("a key envelope with an id (Weavestream's vault)", () => {
  it("is proven when every value decrypts, those of former keys with theirs", () => {
    const rows = [envelope(one, "1", "pw"), null, "", envelope(two, "2026-01", "old")]
    const keys = material(one.toString("base64"), { previousKeys: new Secret(`x:AAAA, 2026-01:${two.toString("base64")}`) })
    expect(proveKey(proof("aes-256-gcm-envelope"), keys, rows)).toEqual({
      name: "k",
      status: "proven",
      why: "all 2 encrypted values decrypt",
    })
  })

  it("fails and names the id when a former key is missing", () => {
    const result = proveKey(proof("aes-256-gcm-envelope"), material(one.toString("base64")), [
      envelope(one, "1", "a"),
      envelope(two, "2026-01", "b"),
    ])
    expect(result.status).toBe("failed")
    expect(result.why).toBe('1 of 2 encrypted values do not decrypt: a value needs the key with the id "2026-01", which is not at hand')
  })

  it("fails with another key, a blank one and a changed value", () => {
    const value = envelope(one, "1", "a")
    const changed = Buffer.from(value, "base64")
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    expect(proveKey(proof("aes-256-gcm-envelope"), material(two.toString("base64")), [value]).status).toBe("failed")
    expect(proveKey(proof("aes-256-gcm-envelope"), material(""), [value]).why).toBe("the key is missing and 1 values need it")
    expect(proveKey(proof("aes-256-gcm-envelope"), material(one.toString("base64")), [changed.toString("base64")]).status).toBe("failed")
    expect(proveKey(proof("aes-256-gcm-envelope"), material(one.subarray(0, 31).toString("base64")), [value]).status).toBe("failed")
  })
})

describe("the other methods", () => {
  it("AES-256-GCM without an id is proven by its tag alone", () => {
    const value = sealed("aes-256-gcm", one, "mfa").toString("base64")
    expect(proveKey(proof("aes-256-gcm"), material(one.toString("base64")), [value]).status).toBe("proven")
    expect(proveKey(proof("aes-256-gcm"), material(two.toString("base64")), [value]).status).toBe("failed")
  })

  it("ChaCha20 with the SHA-256 of the text is proven by the exact text: a line end more is another key", () => {
    const value = chacha("ab12", "JBSWY3DPEHPK3PXP")
    expect(proveKey(proof("chacha20-sha256", 28), material("ab12"), [value]).status).toBe("proven")
    expect(proveKey(proof("chacha20-sha256", 28), material("ab12\n"), [value]).status).toBe("failed")
    expect(proveKey(proof("chacha20-sha256", 28), material(""), [value]).status).toBe("failed")
  })

  it("values of the old short form prove nothing; then only the recorded fingerprint speaks", () => {
    const legacy = `\\x${randomBytes(20).toString("hex")}`
    const result = proveKey(proof("chacha20-sha256", 28), material("ab12"), [legacy])
    expect(result).toEqual({
      name: "k",
      status: "unprovable",
      why: "no encrypted value and no recorded fingerprint to hold it against; 1 values are of an old form that proves nothing",
    })
    expect(proveKey(proof("chacha20-sha256", 28), material("ab12", { recordedFingerprint: sha256("ab12") }), [legacy]).status).toBe(
      "proven",
    )
    expect(proveKey(proof("chacha20-sha256", 28), material("ab13", { recordedFingerprint: sha256("ab12") }), []).status).toBe("failed")
  })

  it("a pair of Ed25519 files belongs together or not", () => {
    const make = (): { privateKey: string; publicKey: string } =>
      generateKeyPairSync("ed25519", {
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
        publicKeyEncoding: { type: "spki", format: "pem" },
      })
    const [mine, other] = [make(), make()]
    const judge = (privateKey: string, publicKey: string): string =>
      proveKey(proof("ed25519-pair"), material(privateKey, { publicKey: new Secret(publicKey) }), []).status
    expect(judge(mine.privateKey, mine.publicKey)).toBe("proven")
    expect(judge(mine.privateKey, other.publicKey)).toBe("failed")
    expect(judge(mine.privateKey, "")).toBe("failed")
    expect(judge("nonsense", mine.publicKey)).toBe("failed")
  })

  it("asks for the columns with quoted names, because Prisma's have capitals", () => {
    expect(proofQueries({ ...proof("aes-256-gcm"), rows: [{ table: "uploads", column: 'stor"ageKey' }] })).toEqual([
      'SELECT "stor""ageKey" FROM "uploads" WHERE "stor""ageKey" IS NOT NULL',
    ])
  })
})
