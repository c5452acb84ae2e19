/** A vault with a few small points, a store, and further places to copy them to. */
import { spawn, type ChildProcess } from "node:child_process"
import { randomBytes } from "node:crypto"
import { cp, mkdir } from "node:fs/promises"
import { join } from "node:path"
import { systemClock } from "../../src/base/clock.ts"
import { silentLog, silentProgress } from "../../src/base/run-context.ts"
import { applyCopy, planCopy, type CopyPlan, type CopyReport } from "../../src/copy/copy.ts"
import type { ContextBase } from "../../src/operation/run-operation.ts"
import type { Store } from "../../src/operation/ports.ts"
import type { ManifestPart } from "../../src/recovery-point/manifest.ts"
import { checkVaultChain, sealPoint, type ManifestDraft, type SealedPoint } from "../../src/recovery-point/recovery-point.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import type { VaultBackend, VaultLocation } from "../../src/vault/ports.ts"
import { openVault, type OpenVault } from "../../src/vault/vault.ts"
import { freePort } from "../fixture/free-port.ts"
import { removeTree } from "../fixture/tmp.ts"
import { answering, context, ended, openPlace, testRestic } from "./vault-place.ts"

const ctx = context()

export const host = { self: () => ({ host: "h", bootId: "b", processId: 1, processStart: "1", command: "test" }), isAlive: () => true }

export const base: ContextBase = { signal: new AbortController().signal, progress: silentProgress, log: silentLog, clock: systemClock }

export interface CopyWorld {
  readonly directory: string
  readonly backend: VaultBackend
  readonly store: Store
  readonly source: OpenVault
  newStore(): Promise<Store>
  location(name: string, more?: Partial<VaultLocation>): VaultLocation
  /** A target that is made as the product makes it. */
  target(name: string, more?: Partial<VaultLocation>): Promise<OpenVault>
  /** Seals a point with a part of its own and the image that all points share. */
  seal(id: string, more?: SealOptions): Promise<SealedPoint>
  plan(to: OpenVault): Promise<CopyPlan>
  copy(to: OpenVault, more?: { points?: readonly string[]; store?: Store; from?: OpenVault }): Promise<CopyReport>
  /** Ids of the points that the vault itself holds, by their manifests. */
  held(vault: OpenVault): Promise<readonly string[]>
  /** By the vault alone: the chain as somebody sees it who has lost the store. */
  chainAlone(vault: OpenVault): Promise<Store>
  /** Where the files of a vault lie. */
  files(name: string): string
  dispose(): Promise<void>
}

export interface SealOptions {
  readonly vault?: OpenVault
  readonly content?: string
  /** What the manifest claims; large points travel alone. */
  readonly claimedBytes?: number
}

/** Longer than one batch. */
export const LARGE = 1024 ** 3

/** A world that is made once, for each test to begin with a copy of it. */
export interface LaidWorld {
  readonly directory: string
  readonly points: readonly SealedPoint[]
  dispose(): Promise<void>
}

export async function layCopyWorld(ids: readonly string[]): Promise<LaidWorld> {
  const world = await copyWorld()
  const points: SealedPoint[] = []
  for (const id of ids) points.push(await world.seal(id))
  await world.store.close()
  return { directory: world.directory, points, dispose: async () => await removeTree(world.directory) }
}

export async function copyWorld(laid?: LaidWorld): Promise<CopyWorld> {
  const place = await openPlace("a local path")
  if (laid !== undefined) await cp(laid.directory, place.directory, { recursive: true })
  const backend = await testRestic(place.directory, "restic", 1500)
  let stores = 0
  const newStore = async (): Promise<Store> => {
    stores += 1
    return await openSqliteStore(join(place.directory, `store-${stores}.sqlite`), { host, clock: systemClock })
  }
  const store = await newStore()
  const source = await openVault({ backend, store }, place.location("local"), { create: true }, ctx)
  const location: CopyWorld["location"] = (name, more) =>
    place.location(name, { cacheDirectory: join(place.directory, "cache", name), ...more })
  const image = await imageIn(source)
  const world: CopyWorld = {
    directory: place.directory,
    backend,
    store,
    source,
    newStore,
    location,
    target: async (name, more) =>
      await openVault({ backend, store }, location(name, more), { create: true, copyParametersFrom: source.location }, ctx),
    seal: async (id, more = {}) => await seal(more.vault ?? source, store, id, image, more),
    plan: async (to) => await planCopy(store, { app: "chat", from: source, target: to.location.name, to, points: [] }, ctx),
    copy: async (to, more = {}) => {
      const tools = { store: more.store ?? store, host }
      const request = { app: "chat", from: more.from ?? source, target: to.location.name, to, points: more.points ?? [] }
      return await applyCopy(tools, request, await planCopy(tools.store, request, ctx), "holdfast copy", base)
    },
    held: async (vault) => {
      const items = await backend.list(vault.location, { app: "chat", part: "manifest" }, ctx)
      return items.map((item) => item.tags.point ?? "").toSorted()
    },
    chainAlone: async (vault) => {
      const fresh = await newStore()
      await checkVaultChain(vault, fresh, "chat", ctx)
      return fresh
    },
    files: place.files,
    dispose: async () => {
      await store.close()
      await place.dispose()
    },
  }
  return world
}

async function imageIn(vault: OpenVault): Promise<ManifestPart> {
  const part = `image:sha256:${"a".repeat(64)}`
  const tags = { app: "chat", point: null, part }
  const [present] = await vault.backend.list(vault.location, { app: "chat", part }, ctx)
  const { treeId } =
    present ?? (await vault.backend.storeDocument(vault.location, tags, "image.tar", randomBytes(3000).toString("hex"), ctx))
  return { kind: "image", name: "web", part, treeId, fileName: "image.tar", sizeBytes: 6000, storedBytes: 1, imageId: "i", reference: "r" }
}

async function seal(vault: OpenVault, store: Store, id: string, image: ManifestPart, more: SealOptions): Promise<SealedPoint> {
  const tags = { app: "chat", point: id, part: "files:uploads" }
  const { treeId } = await vault.backend.storeDocument(vault.location, tags, "file", more.content ?? `content of ${id}`, ctx)
  const files = { kind: "files" as const, name: "uploads", part: "files:uploads", treeId, storedBytes: 1, files: 1, durationMs: 1 }
  const rest = { root: { uid: 0, gid: 0, mode: 0o755 }, source: "/x", exclude: [], skipped: [], special: [] }
  // The image lies in the first vault only; a point that is sealed elsewhere does without.
  const images = vault.location.name === "local" ? [image] : []
  return await sealPoint(vault, store, draft(id, [{ ...files, ...rest, sizeBytes: more.claimedBytes ?? 10 }, ...images]), ctx)
}

function draft(id: string, parts: ManifestDraft["parts"]): ManifestDraft {
  const at = new Date().toISOString()
  return {
    format: "holdfast.recovery-point",
    version: 1,
    id,
    app: "chat",
    label: null,
    trigger: "schedule",
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
    parts,
    leftOut: [],
    keyFingerprints: {},
    activeKeyIds: {},
    compose: null,
    settings: {},
    warnings: [],
  }
}

/** restic's own server, which a test can cut off and bring back at the same address. */
export interface RestServer {
  readonly data: string
  url(name: string): string
  cut(): Promise<void>
  back(): Promise<void>
}

export async function restServer(directory: string, ...words: readonly string[]): Promise<RestServer> {
  const data = join(directory, "rest")
  await mkdir(data, { recursive: true })
  const port = await freePort()
  let server: ChildProcess | null = null
  const back = async (): Promise<void> => {
    const all = ["--path", data, "--listen", `127.0.0.1:${port}`, "--no-auth", ...words]
    server = spawn("restic-rest-server", all, { stdio: "ignore" })
    await answering(port)
  }
  await back()
  return {
    data,
    url: (name) => `rest:http://127.0.0.1:${port}/${name}/`,
    back,
    cut: async () => {
      if (server !== null) await ended(server)
      server = null
    },
  }
}
