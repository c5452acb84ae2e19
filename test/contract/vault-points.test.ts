import { readFile, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { canonicalJson } from "../../src/base/canonical-json.ts"
import { systemClock } from "../../src/base/clock.ts"
import type { RunContext } from "../../src/base/run-context.ts"
import type { Store } from "../../src/operation/ports.ts"
import {
  checkChain,
  checkVaultChain,
  findPoint,
  findWhole,
  listPoints,
  partItem,
  readManifest,
  recordExpiry,
  recordProof,
  sealPoint,
  setPin,
  sweepUnsealed,
  unsealedLeftovers,
  type ManifestDraft,
  type SealedPoint,
} from "../../src/recovery-point/recovery-point.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import { kitReminder, markKitTaken } from "../../src/vault/kit.ts"
import type { StoredItem, VaultBackend } from "../../src/vault/ports.ts"
import { openVault, type OpenVault } from "../../src/vault/vault.ts"
import { context, openPlace, testRestic, type Place } from "./vault-place.ts"

const ctx = context()
const host = { self: () => ({ host: "h", bootId: "b", processId: 1, processStart: "1", command: "test" }), isAlive: () => true }

let place: Place
let backend: VaultBackend

beforeAll(async () => {
  place = await openPlace("a local path")
  backend = await testRestic(place.directory)
})
afterAll(async () => await place.dispose())

async function newStore(name: string): Promise<Store> {
  return await openSqliteStore(join(place.directory, `${name}.sqlite`), { host, clock: systemClock })
}

async function newVault(name: string): Promise<{ vault: OpenVault; store: Store }> {
  const store = await newStore(name)
  return { vault: await openVault({ backend, store }, place.location(name), { create: true }, ctx), store }
}

async function storePart(vault: OpenVault, id: string, content: string, app = "chat"): Promise<StoredItem> {
  return await backend.storeDocument(vault.location, { app, point: id, part: "files:uploads" }, "file", content, ctx)
}

function draftOf(id: string, item: StoredItem, app = "chat", label: string | null = null): ManifestDraft {
  const at = new Date().toISOString()
  const part = {
    kind: "files" as const,
    name: "uploads",
    part: "files:uploads",
    treeId: item.treeId,
    sizeBytes: 1,
    storedBytes: 1,
    files: 1,
  }
  return {
    format: "holdfast.recovery-point",
    version: 1,
    id,
    app,
    label,
    trigger: "manual",
    cold: false,
    startedAt: at,
    finishedAt: at,
    durationMs: 1,
    host: "h",
    operationId: "o",
    appVersion: null,
    holdfastVersion: "0.1.0",
    tools: {},
    services: [],
    parts: [{ ...part, durationMs: 1, root: { uid: 0, gid: 0, mode: 0o755 }, source: "/x", exclude: [], skipped: [], special: [] }],
    leftOut: [],
    keyFingerprints: {},
    activeKeyIds: {},
    compose: null,
    settings: {},
    warnings: [],
  }
}

async function seal(vault: OpenVault, store: Store, id: string, label: string | null = null, app = "chat"): Promise<SealedPoint> {
  return await sealPoint(vault, store, draftOf(id, await storePart(vault, id, `content of ${id}`, app), app, label), ctx)
}

const ids = ["20260419T120000Z-1.0", "20260420T120000Z-1.0", "20260421T120000Z-1.1"] as const

describe("opening a vault", () => {
  it("makes key and vault at first use, and pins its identity", async () => {
    const { vault, store } = await newVault("fresh")

    expect((await stat(vault.location.keyFile)).mode & 0o777).toBe(0o600)
    expect(await store.value("vault-id:fresh")).toBe(vault.vaultId)
    expect((await openVault({ backend, store }, vault.location, { create: true }, ctx)).vaultId).toBe(vault.vaultId)
  })

  it("refuses another vault, a lost key and a vault that is gone, and makes no new one in their place", async () => {
    const { vault, store } = await newVault("pinned")
    const other = await newVault("other")
    const key = await readFile(vault.location.keyFile, "utf8")
    const swapped = { ...vault.location, url: other.vault.location.url, keyFile: other.vault.location.keyFile }
    await expect(openVault({ backend, store }, swapped, { create: true }, ctx)).rejects.toMatchObject({
      code: "VAULT_REPLACED",
      message: "vault pinned is not the one that was pinned",
    })
    await rm(vault.location.keyFile)
    const lost = { code: "VAULT_KEY_MISSING", message: "the key of vault pinned is missing" }

    await expect(openVault({ backend, store }, vault.location, { create: true }, ctx)).rejects.toMatchObject(lost)
    await expect(openVault({ backend, store: await newStore("empty") }, vault.location, { create: true }, ctx)).rejects.toMatchObject(lost)
    await writeFile(vault.location.keyFile, key)
    await rm(place.files("pinned"), { recursive: true })
    await expect(openVault({ backend, store }, vault.location, { create: true }, ctx)).rejects.toMatchObject({ code: "VAULT_ABSENT" })
    const nowhere = openVault({ backend, store: other.store }, place.location("nowhere"), { create: false }, ctx)
    await expect(nowhere).rejects.toMatchObject({ code: "VAULT_ABSENT", message: "there is no vault at the address of nowhere" })
  })

  it("reminds of the recovery kit until it was taken for this key", async () => {
    const { vault, store } = await newVault("kit")
    const before = await kitReminder(store, vault)
    await markKitTaken(store, [vault])

    expect(before).toBe("the key of vault kit exists only on this machine: run `holdfast kit` and keep the kit somewhere else")
    expect(await kitReminder(store, vault)).toBeNull()
    await writeFile(vault.location.keyFile, "another\n")
    expect(await kitReminder(store, vault)).toBe(before)
  })
})

describe("sealing and finding points", () => {
  it("chains points, finds them, and reads all again after the store was lost", async () => {
    const { vault, store } = await newVault("chain")
    const first = await seal(vault, store, ids[0])
    const second = await seal(vault, store, ids[1], "before the move")
    const third = await seal(vault, store, ids[2])
    const proof = {
      app: "chat",
      point: ids[1],
      vault: "chain",
      level: "restored" as const,
      at: new Date(),
      durationMs: 5,
      operationId: "o",
      details: { a: 1 },
    }
    await recordProof(vault, store, proof, ctx)
    await setPin(vault, store, { app: "chat", point: ids[0], pinned: true, reason: "audit", at: new Date() }, ctx)
    const foreign = await seal(vault, store, "20260422T120000Z-9", null, "weave")
    const lost = await newStore("chain-lost")

    expect([first, second, third].map((point) => point.manifest.sequence)).toEqual([1, 2, 3])
    expect(third.manifest.previous).toEqual({ id: ids[1], digest: second.digest })
    expect(third.manifest.index.map((link) => link.id)).toEqual([ids[1], ids[0]])
    const points = await listPoints(vault, lost, "chat", ctx)
    expect(points.map((point) => point.digest)).toEqual([first.digest, second.digest, third.digest])
    expect(await lost.proofs("chat")).toEqual([proof])
    expect(await lost.pins("chat")).toMatchObject([{ point: ids[0], pinned: true, reason: "audit" }])
    await checkVaultChain(vault, lost, "chat", ctx)
    for (const [selector, id] of [
      ["latest", ids[2]],
      ["20260420", ids[1]],
      ["before the move", ids[1]],
      [ids[0], ids[0]],
    ] as const) {
      expect((await findPoint(vault, store, "chat", selector, ctx)).manifest.id).toBe(id)
    }
    await expect(findPoint(vault, store, "chat", "202604", ctx)).rejects.toMatchObject({
      code: "POINT_UNKNOWN",
      message: '"202604" means 3 points',
    })
    await expect(findPoint(vault, store, "chat", "nonsense", ctx)).rejects.toMatchObject({ code: "POINT_UNKNOWN" })
    await expect(findPoint(vault, store, "chat", foreign.manifest.id, ctx)).rejects.toMatchObject({
      code: "POINT_OF_ANOTHER_APP",
      message: "point 20260422T120000Z-9 belongs to weave, not to chat",
    })
    expect((await partItem(vault, third, "files:uploads", ctx)).treeId).toBe(third.manifest.parts[0]?.treeId)
    await expect(partItem(vault, third, "files:none", ctx)).rejects.toMatchObject({ code: "PART_UNKNOWN" })
  })

  it("gives the newest point that holds the whole app to whoever needs all of it, also with an empty store", async () => {
    const { vault, store } = await newVault("whole")
    const found = async (selector: string, seen = store): Promise<string> =>
      (await findWhole(vault, seen, "chat", selector, ctx)).manifest.id
    const sealed = async (id: string, more: Partial<ManifestDraft>): Promise<SealedPoint> =>
      await sealPoint(vault, store, { ...draftOf(id, await storePart(vault, id, id)), ...more }, ctx)
    const partial = async (id: string): Promise<SealedPoint> => await sealed(id, { leftOut: ["secrets"] })
    await partial(ids[0])
    expect(await found("latest")).toBe(ids[0])
    await seal(vault, store, ids[1])
    await partial(ids[2])

    expect((await findPoint(vault, store, "chat", "latest", ctx)).manifest.id).toBe(ids[2])
    expect(await found("latest")).toBe(ids[1])
    expect(await found(ids[2])).toBe(ids[2])
    expect(await found("latest", await newStore("whole-lost"))).toBe(ids[1])
    const safety = (await sealed("20260423T120000Z-1.2", { trigger: "safety" })).manifest.id
    expect(await found("latest")).toBe(ids[1])
    expect(await found(safety)).toBe(safety)
  })

  it("takes a safety point for the latest only where there is no other", async () => {
    const { vault, store } = await newVault("safety")
    const safety = async (id: string): Promise<unknown> =>
      await sealPoint(vault, store, { ...draftOf(id, await storePart(vault, id, id)), trigger: "safety" }, ctx)
    const latest = async (): Promise<string> => (await findPoint(vault, store, "chat", "latest", ctx)).manifest.id
    await safety(ids[0])
    expect([await latest(), (await findWhole(vault, store, "chat", "latest", ctx)).manifest.id]).toEqual([ids[0], ids[0]])
    await seal(vault, store, ids[1])
    await safety(ids[2])
    expect(await latest()).toBe(ids[1])
  })

  it("does not seal a point whose part is missing, and sweeps what was never sealed after its time, unless a rollback needs it", async () => {
    const { vault, store } = await newVault("unsealed")
    const sealed = await seal(vault, store, ids[0])
    const item = await storePart(vault, ids[1], "unfinished")
    const draft = draftOf(ids[1], { ...item, treeId: "0".repeat(64) })

    await expect(sealPoint(vault, store, draft, ctx)).rejects.toMatchObject({ code: "POINT_DAMAGED", why: "files:uploads" })
    await expect(findPoint(vault, store, "chat", ids[1], ctx)).rejects.toMatchObject({ code: "POINT_UNSEALED" })
    expect((await unsealedLeftovers(vault, store, "chat", ctx)).map((leftover) => leftover.point)).toEqual([ids[1]])
    expect(await sweepUnsealed(vault, store, "chat", 24 * 3_600_000, ctx)).toEqual([])
    const tomorrow: RunContext = { ...ctx, clock: { ...systemClock, now: () => new Date(Date.now() + 25 * 3_600_000) } }
    const kept = { operationId: "op", app: "chat", keptUntil: tomorrow.clock.now(), releasedAt: null, details: { needs: [ids[1]] } }
    await store.putKept(kept)
    expect(await sweepUnsealed(vault, store, "chat", 24 * 3_600_000, tomorrow)).toEqual([])
    await store.putKept({ ...kept, releasedAt: new Date() })
    expect(await sweepUnsealed(vault, store, "chat", 24 * 3_600_000, tomorrow)).toHaveLength(1)
    expect(await backend.list(vault.location, { point: ids[1] }, ctx)).toEqual([])
    expect((await partItem(vault, sealed, "files:uploads", ctx)).tags.point).toBe(ids[0])
  })
})

describe("a vault that someone meddled with", () => {
  it("tells parts that were swapped between points", async () => {
    const { vault, store } = await newVault("swapped")
    const first = await seal(vault, store, ids[0])
    const original = await partItem(vault, first, "files:uploads", ctx)
    await storePart(vault, ids[0], "content of another point")
    await backend.remove(vault.location, [original], { freeSpace: false }, ctx)

    await expect(partItem(vault, first, "files:uploads", ctx)).rejects.toMatchObject({
      code: "POINT_DAMAGED",
      message: `files:uploads of point ${ids[0]} was replaced in vault swapped`,
    })
  })

  it("tells a manifest that was altered, and one that is not of its point", async () => {
    const { vault, store } = await newVault("altered")
    const first = await seal(vault, store, ids[0])
    const second = await seal(vault, store, ids[1])
    const [item] = await backend.list(vault.location, { point: ids[0], part: "manifest" }, ctx)
    if (item === undefined) throw new Error("no manifest")
    await backend.remove(vault.location, [item], { freeSpace: false }, ctx)
    const replace = async (content: string): Promise<void> => {
      await backend.remove(
        vault.location,
        await backend.list(vault.location, { point: ids[0], part: "manifest" }, ctx),
        { freeSpace: false },
        ctx,
      )
      await backend.storeDocument(vault.location, item.tags, "manifest.json", content, ctx)
    }
    await replace(canonicalJson({ ...first.manifest, label: "forged" }))
    const forged = await readManifest(vault, "chat", ids[0], ctx)

    expect(forged.digest).not.toBe(first.digest)
    expect(() => checkChain([forged, second])).toThrow("the chain of points is broken")
    await replace(canonicalJson(second.manifest))
    await expect(readManifest(vault, "chat", ids[0], ctx)).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
      why: `it is that of ${ids[1]} of chat`,
    })
    await replace('{"format":"holdfast.recovery-point","version":1,"surprise":true}')
    await expect(readManifest(vault, "chat", ids[0], ctx)).rejects.toMatchObject({ code: "MANIFEST_INVALID" })
  })

  it("tells a point that was removed and a vault that was rolled back, but not one that was expired", async () => {
    const { vault, store } = await newVault("rolled")
    const points = [await seal(vault, store, ids[0]), await seal(vault, store, ids[1]), await seal(vault, store, ids[2])]
    const [first, second, third] = points
    if (first === undefined || second === undefined || third === undefined) throw new Error("no points")
    const drop = async (id: string): Promise<void> =>
      await backend.remove(
        vault.location,
        await backend.list(vault.location, { point: id, part: "manifest" }, ctx),
        { freeSpace: false },
        ctx,
      )

    await recordExpiry(vault, store, [first], "keep last 2", ctx)
    await drop(ids[0])
    await checkVaultChain(vault, store, "chat", ctx)
    await checkVaultChain(vault, await newStore("rolled-lost"), "chat", ctx)
    expect((await listPoints(vault, store, "chat", ctx)).map((point) => point.manifest.id)).toEqual([ids[1], ids[2]])
    await drop(ids[1])
    await expect(checkVaultChain(vault, store, "chat", ctx)).rejects.toMatchObject({
      code: "CHAIN_BROKEN",
      why: `${ids[1]} is no longer in the vault`,
    })
    await expect(checkVaultChain(vault, await newStore("rolled-lost-2"), "chat", ctx)).rejects.toMatchObject({
      code: "CHAIN_BROKEN",
      why: `${ids[1]} is missing before ${ids[2]}`,
    })
    await drop(ids[2])
    const next = "20260425T120000Z-1.2"
    await expect(seal(vault, store, next)).rejects.toMatchObject({
      code: "CHAIN_BROKEN",
      why: `${ids[2]}, the newest point, is no longer in vault rolled`,
    })
    expect(await backend.list(vault.location, { point: next, part: "manifest" }, ctx)).toEqual([])
  })
})
