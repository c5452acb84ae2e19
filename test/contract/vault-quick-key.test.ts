/** A new local vault with a random key opens without half a second of key derivation, and stock restic reads it like any other. */
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parseKeyFile, unseal } from "../../src/tool/restic/key-file.ts"
import type { VaultBackend, VaultLocation } from "../../src/vault/ports.ts"
import { context, openPlace, tags, testRestic, type Place } from "./vault-place.ts"

const run = promisify(execFile)
const ctx = context()

describe("the key of a new local vault", () => {
  let place: Place
  let backend: VaultBackend

  beforeAll(async () => {
    place = await openPlace("a local path")
    backend = await testRestic(place.directory)
  })
  afterAll(async () => await place.dispose())

  async function made(name: string, key: string): Promise<VaultLocation> {
    const location = { ...place.location(name), keyFile: join(place.directory, `${name}.key`) }
    await writeFile(location.keyFile, `${key}\n`, { mode: 0o600 })
    await backend.initialise(location, ctx)
    return location
  }

  function onlyKeyFile(name: string): string {
    const keys = readdirSync(join(place.files(name), "keys"))
    expect(keys).toHaveLength(1)
    return readFileSync(join(place.files(name), "keys", keys[0] ?? ""), "utf8")
  }

  it("is derived quickly when it is random, and opens for stock restic, its check, a second key and a removal of the first", async () => {
    const location = await made("quick", randomBytes(32).toString("base64url"))
    await backend.storeDocument(location, tags("manifest"), "manifest.json", "{}", ctx)
    const stock = async (...args: string[]): Promise<string> =>
      (await run("restic", ["-r", location.url, "--password-file", location.keyFile, ...args])).stdout

    expect(parseKeyFile(onlyKeyFile("quick"))).toMatchObject({ N: 8192, r: 8, p: 1 })
    expect(await stock("check", "--read-data")).toContain("no errors were found")
    const first = readdirSync(join(place.files("quick"), "keys"))[0] ?? ""
    const second = join(place.directory, "second.key")
    await writeFile(second, "thought up\n")
    await stock("key", "add", "--new-password-file", second)
    await run("restic", ["-r", location.url, "--password-file", second, "key", "remove", first])
    expect(await backend.open({ ...location, keyFile: second }, ctx)).toHaveProperty("vaultId")
    await expect(backend.open(location, ctx)).rejects.toMatchObject({ code: "VAULT_WRONG_KEY" })
  })

  it("stays as slow as restic made it when someone may have thought it up", async () => {
    await made("slow", "correct horse battery staple")

    expect(parseKeyFile(onlyKeyFile("slow"))?.N).toBeGreaterThanOrEqual(32_768)
  })

  it("is understood only by its own password and unchanged", async () => {
    const location = await made("sealed", randomBytes(32).toString("base64url"))
    const file = parseKeyFile(onlyKeyFile("sealed"))
    const password = readFileSync(location.keyFile, "utf8").trim()
    if (file === null) throw new Error("the key file was not understood")
    const bytes = Buffer.from(file.data, "base64")
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20)

    expect(JSON.parse(String(unseal(file, password)))).toHaveProperty("encrypt")
    expect(unseal(file, "another")).toBeNull()
    expect(unseal({ ...file, data: bytes.toString("base64") }, password)).toBeNull()
  })
})
