/** The chain of points against what a real vault holds: this file is also what mutation testing judges the check by. */
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import type { Store } from "../../src/operation/ports.ts"
import { checkVaultChain, recordExpiry, sealPoint, type SealedPoint } from "../../src/recovery-point/recovery-point.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import type { VaultBackend } from "../../src/vault/ports.ts"
import { openVault, type OpenVault } from "../../src/vault/vault.ts"
import { exampleFilesPart, exampleManifest } from "../fixture/example.ts"
import { context, openPlace, testRestic, type Place } from "./vault-place.ts"

const ctx = context()
const host = { self: () => ({ host: "h", bootId: "b", processId: 1, processStart: "1", command: "test" }), isAlive: () => true }
const [A, B, C] = ["20260419T120000Z-1.0", "20260420T120000Z-1.0", "20260421T120000Z-1.1"] as const

let place: Place
let backend: VaultBackend
let vault: OpenVault
let store: Store

async function newStore(name: string): Promise<Store> {
  return await openSqliteStore(join(place.directory, `${name}.sqlite`), { host, clock: systemClock })
}

async function seal(id: string, app: string): Promise<SealedPoint> {
  const { treeId } = await backend.storeDocument(vault.location, { app, point: id, part: "files:uploads" }, "file", `content of ${id}`, ctx)
  const draft = { ...exampleManifest([exampleFilesPart(1, 1, { treeId })]), id, app }
  return await sealPoint(vault, store, draft, ctx)
}

/** The manifest alone: the parts that it names stay. */
async function dropManifest(point: string): Promise<void> {
  const items = await backend.list(vault.location, { app: "chat", point, part: "manifest" }, ctx)
  await backend.remove(vault.location, items, { freeSpace: false }, ctx)
}

beforeAll(async () => {
  place = await openPlace("a local path")
  backend = await testRestic(place.directory)
  store = await newStore("chain")
  vault = await openVault({ backend, store }, place.location("chain"), { create: true }, ctx)
})
afterAll(async () => await place.dispose())

describe("a vault's chain", () => {
  it("is whole with gaps that were left on purpose, and tells what is gone by what was seen or what is named", async () => {
    const first = await seal(A, "chat")
    await seal(B, "chat")
    await seal(C, "chat")
    await seal(A, "other")
    await recordExpiry(vault, store, [first], "keep last 2", ctx)
    await dropManifest(A)
    await checkVaultChain(vault, store, "chat", ctx)
    await checkVaultChain(vault, await newStore("lost"), "chat", ctx)
    await checkVaultChain(vault, store, "other", ctx)

    await dropManifest(B)
    await expect(checkVaultChain(vault, store, "chat", ctx)).rejects.toMatchObject({
      code: "CHAIN_BROKEN",
      message: "the chain of points is broken",
      why: `${B} is no longer in the vault`,
      details: { problems: [`${B} is no longer in the vault`] },
    })
    await expect(checkVaultChain(vault, await newStore("lost-again"), "chat", ctx)).rejects.toMatchObject({
      code: "CHAIN_BROKEN",
      why: `${B} is missing before ${C}`,
    })
    await dropManifest(C)
    await expect(checkVaultChain(vault, store, "chat", ctx)).rejects.toMatchObject({
      why: `${B} is no longer in the vault; ${C} is no longer in the vault`,
    })
    // Rolled back and the store lost as well, nothing tells: that is why the vault's copies and the kit are elsewhere.
    await checkVaultChain(vault, await newStore("lost-all"), "chat", ctx)
    await checkVaultChain(vault, store, "other", ctx)
  })
})
