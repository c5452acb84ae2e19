import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest"
import { z } from "zod"
import { hasWork, planCopy } from "../../src/copy/copy.ts"
import type { Store } from "../../src/operation/ports.ts"
import { partItem, recordExpiry, setPin, type SealedPoint } from "../../src/recovery-point/recovery-point.ts"
import { keyCheck, keyProvenAt } from "../../src/vault/key-check.ts"
import type { StoredItem, VaultLocation } from "../../src/vault/ports.ts"
import { openVault, type OpenVault } from "../../src/vault/vault.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { copyWorld, LARGE, layCopyWorld, restServer, type CopyWorld, type LaidWorld, type RestServer } from "./copy-world.ts"
import { context, openPlace, type Place } from "./vault-place.ts"

const run = promisify(execFile)
const ctx = context()
const [A, B, C, D] = ["20260419T120000Z-1.0", "20260420T120000Z-1.0", "20260421T120000Z-1.0", "20260425T120000Z-1.0"] as const

let world: CopyWorld
let points: readonly SealedPoint[]

let laid: LaidWorld

beforeAll(async () => {
  laid = await layCopyWorld([A, B, C])
  points = laid.points
})
afterAll(async () => await laid.dispose())
beforeEach(async () => {
  world = await copyWorld(laid)
})
afterEach(async () => await world.dispose())

async function itemsOf(vault: OpenVault, point: string): Promise<readonly StoredItem[]> {
  return await world.backend.list(vault.location, { app: "chat", point }, ctx)
}

/** As somebody else does it, who decided nothing. */
async function steal(vault: OpenVault, point: string, part?: string): Promise<void> {
  const items = (await itemsOf(vault, point)).filter((item) => part === undefined || item.tags.part === part)
  await world.backend.remove(vault.location, items, { freeSpace: false }, ctx)
}

describeNeeding("restic")("copying to a further vault", () => {
  it("brings every point with the same content, cut like the source, listed and readable; a second run finds nothing to do", async () => {
    const offsite = await world.target("offsite")
    const report = await world.copy(offsite)

    expect(report).toMatchObject({ outcome: "succeeded", copied: [C, B, A], failed: [], problems: [] })
    expect((await world.store.points("chat", "offsite")).map((point) => point.digest)).toEqual(points.map((point) => point.digest))
    const alone = await world.chainAlone(offsite)
    expect((await alone.points("chat", "offsite")).map((point) => point.id)).toEqual([A, B, C])
    for (const point of points) {
      for (const { part, treeId } of point.manifest.parts) expect((await partItem(offsite, point, part, ctx)).treeId).toBe(treeId)
    }
    expect(await world.backend.list(offsite.location, { part: `image:sha256:${"a".repeat(64)}` }, ctx)).toHaveLength(1)
    expect(await polynomial(offsite)).toBe(await polynomial(world.source))
    const before = await world.backend.list(offsite.location, {}, ctx)
    expect(await world.copy(offsite)).toMatchObject({ outcome: "succeeded", copied: [] })
    expect(await world.backend.list(offsite.location, {}, ctx)).toEqual(before)
  })

  it("copies one named point, whose gaps are no damage, and the others later", async () => {
    const offsite = await world.target("offsite")

    expect((await world.copy(offsite, { points: ["20260420"] })).copied).toEqual([B])
    await world.chainAlone(offsite)
    expect((await world.copy(offsite)).copied).toEqual([C, A])
    await world.chainAlone(offsite)
    await steal(offsite, B, "manifest")
    await expect(world.chainAlone(offsite)).rejects.toMatchObject({ code: "CHAIN_BROKEN", why: `${B} is missing before ${C}` })
  })

  it("never follows a deletion: what the source expired stays, and what it expired before the copy is no gap", async () => {
    const offsite = await world.target("offsite")
    await world.copy(offsite, { points: [A] })
    await recordExpiry(world.source, world.store, points.slice(0, 2), "keep last 1", ctx)
    for (const id of [A, B]) await steal(world.source, id)
    await world.store.removePoints("chat", "local", [A, B])

    expect((await world.copy(offsite)).copied).toEqual([C])
    expect(await world.held(offsite)).toEqual([A, C])
    const alone = await world.chainAlone(offsite)
    expect((await alone.points("chat", "offsite")).map((point) => point.id)).toEqual([A, C])
  })

  it("does not bring back what the target expired, and says so when it is named", async () => {
    const offsite = await world.target("offsite")
    await world.copy(offsite)
    await recordExpiry(offsite, world.store, points.slice(0, 1), "keep last 2", ctx)
    await steal(offsite, A)
    await world.store.removePoints("chat", "offsite", [A])

    expect((await world.copy(offsite)).copied).toEqual([])
    await expect(world.copy(offsite, { points: [A] })).rejects.toMatchObject({
      code: "POINT_EXPIRED",
      message: `${A} was expired in vault offsite`,
    })
    expect(await world.held(offsite)).toEqual([B, C])
    await world.chainAlone(offsite)
  })

  it("writes pins into the target's ledger, and their end", async () => {
    const offsite = await world.target("offsite")
    await setPin(world.source, world.store, { app: "chat", point: B, pinned: true, reason: "audit", at: new Date() }, ctx)

    expect((await world.copy(offsite)).pins).toEqual([B])
    expect(await (await world.chainAlone(offsite)).pins("chat")).toMatchObject([{ point: B, pinned: true, reason: "audit" }])
    expect((await world.copy(offsite)).pins).toEqual([])
    expect(hasWork(await world.plan(offsite))).toBe(false)
    await setPin(world.source, world.store, { app: "chat", point: B, pinned: false, reason: null, at: new Date() }, ctx)
    expect(await world.plan(offsite)).toMatchObject({ points: [], pins: [B] })
    expect(hasWork(await world.plan(offsite))).toBe(true)
    expect((await world.copy(offsite)).pins).toEqual([B])
  })

  it("keeps the chain whole where backups are also taken into the target itself", async () => {
    const offsite = await world.target("offsite")
    await world.copy(offsite)
    await world.seal("20260422T120000Z-1.0", { vault: offsite })
    await world.seal("20260423T120000Z-1.0")
    await world.copy(offsite)
    await world.seal("20260424T120000Z-1.0", { vault: offsite })

    await world.chainAlone(offsite)
    expect((await world.copy(world.source, { from: offsite })).copied).toEqual(["20260424T120000Z-1.0", "20260422T120000Z-1.0"])
    await world.chainAlone(world.source)
    await steal(offsite, "20260423T120000Z-1.0", "manifest")
    await expect(world.chainAlone(offsite)).rejects.toMatchObject({ code: "CHAIN_BROKEN" })
  })

  it("copies the sound points beside a damaged one, names that one, and brings it once it is whole", async () => {
    const offsite = await world.target("offsite")
    const aside = await world.target("aside")
    await world.backend.copy(world.source.location, aside.location, await itemsOf(world.source, B), ctx)
    await steal(world.source, B, "files:uploads")
    const report = await world.copy(offsite)

    expect(report).toMatchObject({
      outcome: "partial",
      copied: [C, A],
      failed: [{ point: B, code: "POINT_DAMAGED", message: `vault local does not hold files:uploads of ${B}` }],
    })
    expect((await world.store.operations({ app: "chat" }))[0]).toMatchObject({ kind: "copy", outcome: "partial" })
    await world.chainAlone(offsite)
    await world.backend.copy(aside.location, world.source.location, await itemsOf(aside, B), ctx)
    expect(await world.copy(offsite)).toMatchObject({ outcome: "succeeded", copied: [B] })
    await world.chainAlone(offsite)
  })
})

describeNeeding("restic")("a copy and a vault that somebody meddled with", () => {
  it("refuses to fill the gaps of a target that was rolled back, until the points are named", async () => {
    const offsite = await world.target("offsite")
    await world.copy(offsite)
    for (const id of [B, C]) await steal(offsite, id)

    await expect(world.copy(offsite)).rejects.toMatchObject({
      code: "CHAIN_BROKEN",
      message: "vault offsite no longer holds 2 points that it held, and nobody expired them",
      why: `${B}, ${C}`,
    })
    expect(await world.held(offsite)).toEqual([A])
    expect((await world.copy(offsite, { points: [B, C] })).copied).toEqual([C, B])
    await world.chainAlone(offsite)
  })

  it("keeps every point of the copy when the source was emptied, and says what is lost", async () => {
    const offsite = await world.target("offsite")
    await world.copy(offsite, { points: [A, B] })
    for (const id of [A, B, C]) await steal(world.source, id)

    expect(await world.copy(offsite)).toMatchObject({
      outcome: "partial",
      copied: [],
      problems: [`vault local no longer holds ${C}, and nobody expired it there`],
    })
    expect(await world.held(offsite)).toEqual([A, B])
    await rm(world.files("local"), { recursive: true })
    await expect(open("local", false)).rejects.toMatchObject({ code: "VAULT_ABSENT" })
    await world.backend.initialise(world.source.location, ctx)
    await expect(open("local", true)).rejects.toMatchObject({ code: "VAULT_REPLACED" })
  })

  it("refuses two things under one name", async () => {
    const offsite = await world.target("offsite")
    const other = await world.seal(B, { vault: offsite, content: "something else" })
    const report = await world.copy(offsite)

    expect(report).toMatchObject({
      outcome: "partial",
      copied: [C, A],
      problems: [`vault offsite holds another point under the name ${B}`],
    })
    expect((await world.store.points("chat", "offsite")).find((point) => point.id === B)?.digest).toBe(other.digest)
  })

  it("refuses a vault as its own copy, another vault in the target's place, and another key", async () => {
    const offsite = await world.target("offsite")
    const again = { ...world.source, location: { ...world.source.location, name: "again" } }
    const request = { app: "chat", from: world.source, target: "again", to: again, points: [] }
    await expect(planCopy(world.store, request, ctx)).rejects.toMatchObject({ code: "USAGE" })
    const key = offsite.location.keyFile
    const right = await readFile(key, "utf8")
    await writeFile(key, "another\n")
    await expect(open("offsite", true)).rejects.toMatchObject({ code: "VAULT_WRONG_KEY" })
    await expect(keyCheck({ backend: world.backend, store: world.store }, offsite.location, ctx)).rejects.toMatchObject({
      code: "VAULT_WRONG_KEY",
    })
    expect(await keyProvenAt(world.store, "offsite")).toBeNull()
    await writeFile(key, right)
    const at = await keyCheck({ backend: world.backend, store: world.store }, offsite.location, ctx)
    expect(await keyProvenAt(world.store, "offsite")).toEqual(at)
    await rm(world.files("offsite"), { recursive: true })
    await world.backend.initialise(offsite.location, ctx)
    await expect(open("offsite", true)).rejects.toMatchObject({ code: "VAULT_REPLACED" })
  })

  it("uses a vault on an external disk only while that is mounted, and writes nothing below the empty mount point", async () => {
    const disk = join(world.directory, "disk")
    await mkdir(disk)
    const location = world.location("external", { url: join(disk, "holdfast"), mustBeMounted: true })
    const tools = { backend: world.backend, store: world.store }
    const opening = async (): Promise<OpenVault> => await openVault(tools, location, { create: true }, ctx)

    await expect(opening()).rejects.toMatchObject({ code: "VAULT_NOT_MOUNTED", message: "the disk of vault external is not mounted" })
    expect((await run("find", [disk, location.keyFile]).catch(() => ({ stdout: `${disk}\n` }))).stdout).toBe(`${disk}\n`)
    await run("mount", ["-t", "tmpfs", "-o", "size=40m", "tmpfs", disk])
    try {
      expect((await world.copy(await opening())).copied).toEqual([C, B, A])
    } finally {
      await run("umount", ["-l", disk])
    }
    await expect(opening()).rejects.toMatchObject({ code: "VAULT_NOT_MOUNTED" })
  })
})

describeNeeding("restic", "rest-server")("copying to restic's own server", () => {
  let server: RestServer

  beforeEach(async () => {
    server = await restServer(world.directory, "--append-only")
  })
  afterEach(async () => await server.cut())

  const offsiteOf = async (more: Partial<VaultLocation> = {}): Promise<OpenVault> =>
    await world.target("offsite", { url: server.url("offsite"), appendOnly: true, ...more })

  it("needs no right to delete, and says when nobody answers", async () => {
    const offsite = await offsiteOf()
    expect(await world.copy(offsite)).toMatchObject({ outcome: "succeeded", copied: [C, B, A] })
    await world.chainAlone(offsite)
    expect(await world.copy(offsite)).toMatchObject({ outcome: "succeeded", copied: [] })
    await server.cut()
    await expect(open("offsite", false, server.url("offsite"))).rejects.toMatchObject({ code: "VAULT_UNREACHABLE" })
  })

  it("fails when the connection is cut in the middle of a point, which is then absent, and catches up", async () => {
    await world.seal(D, { content: randomBytes(2_000_000).toString("hex") })
    const slow = await offsiteOf({ uploadKibPerSecond: 200 })
    const copying = world.copy(slow)
    await vi.waitUntil(async () => (await packsIn(server)) > 0, { timeout: 60_000, interval: 100 })
    await server.cut()

    await expect(copying).rejects.toMatchObject({ code: "VAULT_UNREACHABLE", message: "cannot copy from vault local (vault offsite)" })
    expect((await world.store.operations({ app: "chat" }))[0]).toMatchObject({ outcome: "failed", errorCode: "VAULT_UNREACHABLE" })
    await server.back()
    expect(await world.held(slow)).toEqual([])
    expect(await world.copy(await offsiteOf())).toMatchObject({ outcome: "succeeded", copied: [D, C, B, A] })
    await world.chainAlone(slow)
  })

  it("keeps what had arrived when the connection is cut between points, and catches up", async () => {
    await world.seal(D, { claimedBytes: LARGE })
    const offsite = await offsiteOf()
    const cutting: Store = {
      ...world.store,
      putPoint: async (point) => {
        await world.store.putPoint(point)
        await server.cut()
      },
    }
    const report = await world.copy(offsite, { store: cutting })

    expect(report).toMatchObject({ outcome: "partial", copied: [D] })
    expect(report.failed.map(({ point, code }) => [point, code])).toEqual([A, B, C].map((id) => [id, "VAULT_UNREACHABLE"]))
    await server.back()
    await world.chainAlone(offsite)
    expect(await world.copy(offsite)).toMatchObject({ outcome: "succeeded", copied: [C, B, A] })
    await world.chainAlone(offsite)
  })
})

describeNeeding("restic", "sshd")("copying by SFTP", () => {
  let remote: Place | null = null

  afterEach(async () => await remote?.dispose())

  it("brings every point, finds nothing to do twice, and says when nobody answers", async () => {
    remote = await openPlace("SFTP")
    const { url, options } = remote.location("offsite")
    const offsite = await world.target("offsite", { url, options })

    expect(await world.copy(offsite)).toMatchObject({ outcome: "succeeded", copied: [C, B, A] })
    expect(await world.copy(offsite)).toMatchObject({ outcome: "succeeded", copied: [] })
    await world.chainAlone(offsite)
    expect(await world.held(offsite)).toEqual([A, B, C])

    await world.seal(D)
    await remote.dispose()
    remote = null
    await expect(world.copy(offsite)).rejects.toMatchObject({ code: "VAULT_UNREACHABLE" })
  })
})

/** How many files of data the server has got so far, whole or not. */
async function packsIn(server: RestServer): Promise<number> {
  const entries = await readdir(join(server.data, "offsite/data"), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).length
}

async function open(name: string, create: boolean, url?: string): Promise<OpenVault> {
  const location = world.location(name, url === undefined ? {} : { url })
  return await openVault({ backend: world.backend, store: world.store }, location, { create }, ctx)
}

async function polynomial(vault: OpenVault): Promise<string> {
  const { url, keyFile } = vault.location
  const { stdout } = await run("restic", ["-r", url, "--password-file", keyFile, "--no-cache", "cat", "config"])
  return z.object({ chunker_polynomial: z.string() }).parse(JSON.parse(stdout)).chunker_polynomial
}
