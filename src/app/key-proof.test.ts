import { createCipheriv, createHash, generateKeyPairSync, randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { sha256 } from "../base/canonical-json.ts"
import { Secret } from "../base/secret.ts"
import { exampleApp, exampleRecipe } from "../../test/fixture/example.ts"
import { activeKeyIds, fingerprintKeys, keyMaterial, type KeyMaterial, proofQueries, proveKey } from "./key-proof.ts"
import type { KeySources } from "./key-texts.ts"
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

describe("what speaks for a key and what does not, to the word", () => {
  const gcm = proof("aes-256-gcm")
  const value = sealed("aes-256-gcm", one, "mfa").toString("base64")
  const judge = (...parameters: Parameters<typeof proveKey>): string => {
    const { status, why } = proveKey(...parameters)
    return `${status}: ${why}`
  }

  it("no key", () => {
    expect(judge(gcm, material(null), [value])).toBe("failed: the key is missing and 1 values need it")
    expect(judge(gcm, material(null), [null, ""])).toBe("unprovable: there is no key and no value that needs it")
    expect(judge(gcm, material("", { recordedFingerprint: "sha256:x" }), [])).toBe(
      "failed: the key is missing; one was there when the point was made",
    )
  })

  it("a fingerprint alone", () => {
    const byPrint = { name: "k", method: "fingerprint", key: {} } as const
    expect(judge(byPrint, material("a", { recordedFingerprint: sha256("a") }), [])).toBe(
      "proven: the fingerprint is the one recorded with the point",
    )
    expect(judge(byPrint, material("a", { recordedFingerprint: sha256("b") }), [])).toBe(
      "failed: the fingerprint is not the one recorded with the point",
    )
    for (const none of [[], [null, ""]])
      expect(judge(byPrint, material("a"), none)).toBe("unprovable: no encrypted value and no recorded fingerprint to hold it against")
    expect(judge({ ...byPrint, rows: [] }, material("a", { recordedFingerprint: sha256("a") }), [value])).toBe(
      "proven: the fingerprint is the one recorded with the point; 1 values are of an old form that proves nothing",
    )
    expect(judge({ ...gcm, rows: [] }, material(one.toString("base64")), [value])).toBe("proven: all 1 encrypted values decrypt")
  })

  it("a value of exactly the length of the old form proves nothing, one byte more does", () => {
    const bytes = Buffer.from(value, "base64").length
    expect(judge(proof("aes-256-gcm", bytes), material(one.toString("base64")), [value])).toMatch(/^unprovable/)
    expect(judge(proof("aes-256-gcm", bytes - 1), material(one.toString("base64")), [value])).toBe("proven: all 1 encrypted values decrypt")
  })

  it("a key with a line end around it is the same AES key; one that is too short is none", () => {
    expect(judge(gcm, material(` ${one.toString("base64")}\n`), [value])).toBe("proven: all 1 encrypted values decrypt")
    expect(judge(gcm, material("AAAA"), [value])).toBe("failed: 1 of 1 encrypted values do not decrypt: the key does not fit")
    expect(judge(gcm, material(two.toString("base64")), [value, value])).toBe(
      "failed: 2 of 2 encrypted values do not decrypt: the key does not fit",
    )
  })

  it("an envelope of an unknown form, an empty one, and former keys in a list that is not well formed", () => {
    const form = proof("aes-256-gcm-envelope")
    const key = one.toString("base64")
    const other = Buffer.from(envelope(one, "1", "a"), "base64")
    other[0] = 2
    expect(judge(form, material(key), [other.toString("base64")])).toBe(
      "failed: 1 of 1 encrypted values do not decrypt: a value is not in the form that is known (first byte)",
    )
    expect(judge(form, material(key), [Buffer.of(1).toString("base64")])).toMatch(/the key with the id ""/)
    const list = (text: string) => material(key, { previousKeys: new Secret(text) })
    const old = [envelope(two, "old", "b")]
    expect(judge(form, list(`old,junk, old : ${two.toString("base64")} ,`), old)).toMatch(/^proven/)
    expect(judge(form, list(`older:${two.toString("base64")}`), old)).toMatch(/^failed.*"old", which is not at hand$/)
    expect(judge(form, list(`:${two.toString("base64")}`), [envelope(two, "", "b")])).toMatch(/^failed/)
  })

  it("a tag that was cut short is not a shorter proof", () => {
    const bytes = Buffer.from(value, "base64")
    for (const length of [0, 11, 12, 16, 20, 27]) {
      expect(judge(gcm, material(one.toString("base64")), [bytes.subarray(0, length).toString("base64")])).not.toMatch(/^proven/)
    }
  })

  it("the files of a pair", () => {
    const pair = { name: "k", method: "ed25519-pair", key: {} } as const
    const { privateKey, publicKey } = generateKeyPairSync("ed25519", {
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    })
    const own = { publicKey: new Secret(publicKey) }
    expect(judge(pair, material(privateKey, own), [])).toBe("proven: the public key is the private key's own")
    expect(judge(pair, material(null, own), [])).toBe("failed: the private key is missing or blank")
    expect(judge(pair, material(" \n", own), [])).toBe("failed: the private key is missing or blank")
    expect(judge(pair, material(privateKey), [])).toBe("failed: the public key is missing or blank")
    expect(judge(pair, material(privateKey, { publicKey: new Secret(" \n") }), [])).toBe("failed: the public key is missing or blank")
    expect(judge(pair, material("x", own), [])).toBe("failed: one of the two files is not a key in PEM form")
    const foreign = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString()
    expect(judge(pair, material(privateKey, { publicKey: new Secret(foreign) }), [])).toBe(
      "failed: the public key is not the private key's own",
    )
  })
})

describe("where the material of a proof is read from", () => {
  const sources = (files: Readonly<Record<string, string>>, variables: Readonly<Record<string, string>>): KeySources => ({
    file: (path) => (files[path] === undefined ? null : new Secret(files[path])),
    variable: (name) => (variables[name] === undefined ? null : new Secret(variables[name])),
  })
  const full: KeyProof = {
    name: "k",
    method: "aes-256-gcm-envelope",
    key: { file: "key", env: "KEY" },
    keyId: { env: "KEY_ID", default: "1" },
    previousKeys: { env: "OLD" },
    publicFile: "key.pub",
  }
  const plain = (from: KeySources, of = full) => {
    const { key, keyId, previousKeys, publicKey, recordedFingerprint } = keyMaterial(of, from, "f")
    return [key?.reveal(), keyId, previousKeys?.reveal(), publicKey?.reveal(), recordedFingerprint]
  }

  it("files win over variables, a blank id is the default one", () => {
    expect(plain(sources({ key: "k", "key.pub": "p" }, { KEY: "v", KEY_ID: "2", OLD: "o" }))).toEqual(["k", "2", "o", "p", "f"])
    expect(plain(sources({}, { KEY: "v", KEY_ID: "" }))).toEqual(["v", "1", undefined, undefined, "f"])
    expect(plain(sources({}, {}))).toEqual([undefined, "1", undefined, undefined, "f"])
    expect(plain(sources({ key: "k" }, { OLD: "o" }), { name: "k", method: "fingerprint", key: {} })).toEqual([
      undefined,
      "",
      undefined,
      undefined,
      "f",
    ])
  })

  it("fingerprints are kept of the keys that are there, never of a blank one, and ids of those that have one", () => {
    const app = exampleApp({
      recipe: exampleRecipe({
        keyProofs: [
          full,
          { name: "blank", method: "fingerprint", key: { env: "BLANK" } },
          { name: "absent", method: "fingerprint", key: { env: "ABSENT" } },
        ],
      }),
    })
    const from = sources({ key: "text" }, { BLANK: " \n", KEY_ID: "7" })
    expect(fingerprintKeys(app, from)).toEqual({ k: sha256("text") })
    expect(activeKeyIds(app, from)).toEqual({ k: "7" })
    expect(fingerprintKeys(exampleApp(), from)).toEqual({})
    expect(activeKeyIds(exampleApp(), from)).toEqual({})
  })

  it("a proof without rows asks nothing of the database", () => {
    expect(proofQueries({ name: "k", method: "fingerprint", key: {} })).toEqual([])
  })
})
