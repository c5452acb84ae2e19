/** A real restic vault with a store beside it, holding points that were made in no time: small parts, true manifests. */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { randomBytes } from "node:crypto"
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import type { App } from "../../src/app/app.ts"
import { canonicalJson, sha256 } from "../../src/base/canonical-json.ts"
import { systemClock } from "../../src/base/clock.ts"
import { silentLog, silentProgress, type RunContext } from "../../src/base/run-context.ts"
import type { ExpireTools } from "../../src/expire/expire.ts"
import type { HostIdentity } from "../../src/operation/operation.ts"
import type { PointRecord, Store } from "../../src/operation/ports.ts"
import { manifestSchema, type Manifest } from "../../src/recovery-point/manifest.ts"
import { createProcesses } from "../../src/tool/process/process.ts"
import { createRestic } from "../../src/tool/restic/restic.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import type { VaultBackend, VaultLocation } from "../../src/vault/ports.ts"
import type { OpenVault } from "../../src/vault/vault.ts"

export const DAY_MS = 86_400_000
/** Two days ahead of the machine, so that what was stored just now is older than a day. */
export const NOW = new Date(Date.now() + 2 * DAY_MS)

export const app: App = {
  name: "chat",
  recipe: null,
  compose: null,
  run: null,
  databases: [],
  files: [{ name: "uploads", place: { path: "/srv/chat/uploads" }, exclude: [], defaultOwner: null, mustBeMounted: false }],
  secrets: [],
  configuration: [],
  images: "auto",
  health: null,
  checks: [],
  hooks: { before: [], after: [] },
  schedules: {},
  drills: {},
  objectives: { exposureMs: null, recoveryTimeMs: null },
  thresholds: { collapseRatio: 0.5, collapseFloor: 10 },
  vaults: ["local"],
}

export const ctx = (): RunContext => ({
  signal: new AbortController().signal,
  progress: silentProgress,
  log: silentLog,
  clock: { ...systemClock, now: () => NOW },
  operationId: "test",
})

/** This process, and whether a test has declared it dead. */
export function mortalHost(processId: number): HostIdentity & { die(): void } {
  const dead = new Set<number>()
  return {
    self: (command) => ({ host: hostname(), bootId: "boot", processId, processStart: String(processId), command }),
    isAlive: (holder) => !dead.has(holder.processId),
    die: () => void dead.add(processId),
  }
}

export interface Laid {
  readonly directory: string
  readonly records: readonly PointRecord[]
}

export function backendIn(directory: string): VaultBackend {
  const processes = createProcesses({
    environment: { PATH: process.env["PATH"] ?? "", HOME: directory },
    clock: systemClock,
    setpriv: null,
  })
  return createRestic({ processes, binary: "restic", scratchDirectory: directory })
}

export function locationIn(directory: string, more: Partial<VaultLocation> = {}): VaultLocation {
  return {
    name: "local",
    url: join(directory, "vault"),
    keyFile: join(directory, "key"),
    environment: {},
    options: [],
    cacheDirectory: join(directory, "cache"),
    uploadKibPerSecond: null,
    downloadKibPerSecond: null,
    appendOnly: false,
    ...more,
  }
}

/** Makes a vault with `count` daily points; the first half refers to image A, the rest to image B; and one unsealed leftover. */
export async function layVault(count: number, location?: (directory: string) => Partial<VaultLocation>): Promise<Laid> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-expire-"))
  await writeFile(join(directory, "key"), "test-key", { mode: 0o600 })
  await mkdir(join(directory, "cache"))
  const at = locationIn(directory, location?.(directory))
  const backend = backendIn(directory)
  await backend.initialise(at, ctx())
  const images = await Promise.all(["a", "b"].map(async (name) => await storeImage(backend, at, name)))
  const records: PointRecord[] = []
  for (let from = 1; from <= count; from += 3) {
    const sequences = [from, from + 1, from + 2].filter((sequence) => sequence <= count)
    records.push(...(await Promise.all(sequences.map(async (sequence) => await storePoint(backend, at, sequence, count, images)))))
  }
  await backend.storeDocument(at, { app: "chat", point: "20260101T000000Z-1.0", part: "files:uploads" }, "f", "left over", ctx())
  return { directory, records }
}

async function storeImage(backend: VaultBackend, at: VaultLocation, name: string) {
  const part = `image:sha256:${name.repeat(64)}`
  const stored = await backend.storeDocument(at, { app: "chat", point: null, part }, "image.tar", randomBytes(2000).toString("hex"), ctx())
  return { part, treeId: stored.treeId }
}

type StoredImage = Awaited<ReturnType<typeof storeImage>>

async function storePoint(
  backend: VaultBackend,
  at: VaultLocation,
  sequence: number,
  count: number,
  images: readonly StoredImage[],
): Promise<PointRecord> {
  const startedAt = new Date(NOW.getTime() - (count - sequence + 1) * DAY_MS)
  const id = `p${sequence}`
  const part = await backend.storeDocument(at, { app: "chat", point: id, part: "files:uploads" }, "f", `content ${sequence}`, ctx())
  const image = images[sequence * 2 <= count ? 0 : 1]
  if (image === undefined) throw new Error("two images were stored")
  const manifest = manifestOf({ id, sequence, startedAt: startedAt.toISOString() }, part.treeId, image)
  const text = canonicalJson(manifest)
  await backend.storeDocument(at, { app: "chat", point: id, part: "manifest" }, "manifest.json", text, ctx())
  return { app: "chat", vault: "local", id, sequence, digest: sha256(text), startedAt, manifest, expiredAt: null }
}

export function manifestOf(
  more: Pick<Manifest, "id" | "sequence" | "startedAt"> & Partial<Manifest>,
  treeId = "0".repeat(64),
  image: StoredImage | null = null,
): Manifest {
  const files = { kind: "files", name: "uploads", part: "files:uploads", treeId, sizeBytes: 100, storedBytes: 1000, files: 100 } as const
  const root = { uid: 0, gid: 0, mode: 493 }
  return manifestSchema.parse({
    format: "holdfast.recovery-point",
    version: 1,
    app: "chat",
    label: null,
    trigger: "schedule",
    cold: false,
    finishedAt: more.startedAt,
    durationMs: 1,
    host: "h",
    operationId: `operation-of-${more.id}`,
    appVersion: "1.0",
    holdfastVersion: "0.1.0",
    tools: {},
    services: [],
    parts: [
      { ...files, durationMs: 1, root, source: "/srv/chat/uploads", exclude: [], skipped: [], special: [] },
      ...(image === null
        ? []
        : [{ kind: "image", name: "web", ...image, fileName: "image.tar", sizeBytes: 1, storedBytes: 1, imageId: "i", reference: "r" }]),
    ],
    leftOut: [],
    keyFingerprints: {},
    activeKeyIds: {},
    compose: null,
    settings: {},
    warnings: [],
    previous: null,
    index: [],
    ...more,
  })
}

export interface Bench {
  readonly directory: string
  readonly tools: ExpireTools
  readonly host: ReturnType<typeof mortalHost>
  readonly vault: OpenVault
  remaining(): Promise<{ points: readonly string[]; images: number; items: number }>
  dispose(): Promise<void>
}

/** A copy of the laid vault with a store that knows it; every point but those named is proven. */
export async function benchOf(
  laid: Laid,
  unproven: readonly string[] = [],
  wrap: (store: Store) => Store = (store) => store,
): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-expire-"))
  await cp(laid.directory, directory, { recursive: true })
  const host = mortalHost(1000)
  const store = await openSqliteStore(join(directory, "store.sqlite"), { host, clock: systemClock })
  for (const record of laid.records) await store.putPoint(record)
  for (const record of laid.records.filter((candidate) => !unproven.includes(candidate.id))) await prove(store, record.id)
  const vault = { backend: backendIn(directory), location: locationIn(directory), vaultId: "laid" }
  await store.setValue("synced:local:chat", vault.vaultId)
  return {
    directory,
    tools: { store: wrap(store), host },
    host,
    vault,
    remaining: async () => {
      const items = await vault.backend.list(vault.location, { app: "chat" }, ctx())
      const points = items.filter((item) => item.tags.part === "manifest").map((item) => item.tags.point ?? "")
      return {
        points: points.toSorted((left, right) => Number(left.slice(1)) - Number(right.slice(1))),
        images: items.filter((item) => item.tags.part.startsWith("image:")).length,
        items: items.filter((item) => !item.tags.part.startsWith("ledger:")).length,
      }
    },
    dispose: async () => {
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export async function prove(store: Store, point: string): Promise<void> {
  await store.putProof({ app: "chat", point, vault: "local", level: "read", at: NOW, durationMs: 1, operationId: "v", details: null })
}

/** restic's own word on whether the vault is sound. */
export function checkVault(bench: Bench): string {
  const { url, keyFile } = bench.vault.location
  const run = spawnSync("restic", ["-r", url, "--password-file", keyFile, "--no-cache", "check", "--read-data"], { encoding: "utf8" })
  return run.status === 0 ? "sound" : run.stderr
}

/** Serves the vault in a directory by restic's own server, which answers every deletion with 403. */
export async function withAppendOnlyServer(directory: string, use: (url: string) => Promise<void>): Promise<void> {
  const address = `127.0.0.1:${await freePort()}`
  const server = spawn("restic-rest-server", ["--append-only", "--no-auth", "--path", directory, "--listen", address], { stdio: "ignore" })
  try {
    while (!(await answers(`http://${address}/vault/config`))) await systemClock.sleep(50)
    await use(`rest:http://${address}/vault`)
  } finally {
    server.kill()
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit")
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1")
  await once(probe, "listening")
  const address = probe.address()
  probe.close()
  await once(probe, "close")
  if (address === null || typeof address === "string") throw new Error("no port was given")
  return address.port
}
