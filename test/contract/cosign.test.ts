import { execFile } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { beforeAll, expect, it } from "vitest"
import { Secret } from "../../src/base/secret.ts"
import { makeKeyPair, openPrivateKey } from "../../src/publish/private-key.ts"
import { publicKeyOf, signatureFiles, signDocument } from "../../src/publish/sign.ts"
import { pinKey, readPublicKey } from "../../src/release/public-key.ts"
import { verifySignature } from "../../src/release/signature.ts"
import { cosignVerifies, NO_ROOT } from "../fixture/cosign.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { suiteDirectory } from "../fixture/tmp.ts"

const run = promisify(execFile)
const PASSPHRASE = "correct horse"
const document = Buffer.from('{"a":1}\n')

describeNeeding("cosign")("keys and signatures are cosign's own, both ways", () => {
  let directory = ""
  const at = (name: string): string => join(directory, name)
  const cosign = async (...words: readonly string[]): Promise<void> => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: directory, COSIGN_PASSWORD: PASSPHRASE }
    await run("cosign", [...words], { cwd: directory, env })
  }

  beforeAll(async () => {
    directory = await suiteDirectory("cosign")
    await writeFile(at("document"), document)
    await writeFile(at("no-root.json"), NO_ROOT)
  })

  it("a key that cosign made is opened with its passphrase, and with no other", async () => {
    await cosign("generate-key-pair", "--output-key-prefix", "theirs")
    const pem = await readFile(at("theirs.key"), "utf8")
    const opened = await openPrivateKey(pem, new Secret(PASSPHRASE))

    expect(publicKeyOf(opened).fingerprint).toBe(readPublicKey(await readFile(at("theirs.pub"), "utf8")).fingerprint)
    await expect(openPrivateKey(pem, new Secret("wrong"))).rejects.toMatchObject({ code: "RELEASE_KEY_LOCKED" })
  })

  it("cosign signs with a key that we made, and we verify both forms of its signature", async () => {
    const pair = await makeKeyPair(new Secret(PASSPHRASE))
    await writeFile(at("ours.key"), pair.privateKey)
    const unlogged = ["sign-blob", "--key", "ours.key", "--tlog-upload=false", "-y"]
    await cosign(...unlogged, "--output-signature", "theirs.sig", "document")
    await cosign(...unlogged, "--new-bundle-format", "--bundle", "theirs.bundle", "document")
    const key = pinKey(pair.publicKey, pair.publicKey.fingerprint)

    await verifySignature(document, { kind: "detached", content: await readFile(at("theirs.sig")) }, key)
    await verifySignature(document, { kind: "bundle", content: await readFile(at("theirs.bundle")) }, key)
  })

  it("cosign verifies both forms of what we sign, and refuses them for other bytes", async () => {
    const pair = await makeKeyPair(new Secret(PASSPHRASE))
    const key = await openPrivateKey(pair.privateKey, new Secret(PASSPHRASE))
    const { ".sig": detached = "", ".sigstore.json": bundle = "" } = signatureFiles(document, key)
    const other = Buffer.from('{"a":2}\n')
    const asked = { directory, publicKey: pair.publicKey.pem }

    expect(await cosignVerifies({ ...asked, document, signature: { kind: "detached", content: Buffer.from(detached) } })).toBe(true)
    expect(await cosignVerifies({ ...asked, document, signature: { kind: "bundle", content: Buffer.from(bundle) } })).toBe(true)
    expect(await cosignVerifies({ ...asked, document: other, signature: { kind: "detached", content: Buffer.from(detached) } })).toBe(false)
    expect(await cosignVerifies({ ...asked, document: other, signature: { kind: "bundle", content: Buffer.from(bundle) } })).toBe(false)
    expect(signDocument(document, key)).not.toBe("")
  })
})
