import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import type { VaultLocation } from "../../vault/ports.ts"
import { likenessOf } from "./likeness.ts"

let directory: string
let location: VaultLocation

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "likeness-"))
  const url = join(directory, "vault")
  await mkdir(join(url, "keys"), { recursive: true })
  await writeFile(join(url, "config"), "sealed configuration")
  await writeFile(join(url, "keys", "a"), "a key")
  await writeFile(join(directory, "key"), "secret")
  location = {
    name: "local",
    url,
    keyFile: join(directory, "key"),
    environment: {},
    options: [],
    appendOnly: false,
    cacheDirectory: join(directory, "cache"),
    uploadKibPerSecond: null,
    downloadKibPerSecond: null,
  }
})
afterEach(async () => await rm(directory, { recursive: true }))

it("stays the same while a vault, its keys and our key do, and however much is stored", async () => {
  const before = await likenessOf(location)
  await mkdir(join(location.url, "snapshots"))
  expect(before).toMatch(/^[0-9a-f]{64}$/)
  expect(await likenessOf(location)).toBe(before)
})

it.each([
  ["another configuration", async () => await writeFile(join(location.url, "config"), "sealed configuratioN")],
  ["a key removed from the vault", async () => await rm(join(location.url, "keys", "a"))],
  ["a key added to the vault", async () => await writeFile(join(location.url, "keys", "b"), "b key")],
  ["our key file rewritten in place", async () => await writeFile(location.keyFile, "Secret")],
  [
    "our key file replaced",
    async () => {
      await writeFile(`${location.keyFile}.new`, "secret")
      await rename(`${location.keyFile}.new`, location.keyFile)
    },
  ],
])("is another one after %s", async (_what, change) => {
  const before = await likenessOf(location)
  await change()
  expect(await likenessOf(location)).not.toBe(before)
})

it("is unknown for a vault behind a server, one that is gone, and one without our key", async () => {
  expect(await likenessOf({ ...location, url: "rest:http://127.0.0.1:8000/" })).toBeNull()
  expect(await likenessOf({ ...location, keyFile: join(directory, "none") })).toBeNull()
  await rm(location.url, { recursive: true })
  expect(await likenessOf(location)).toBeNull()
})
