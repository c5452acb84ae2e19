import * as fc from "fast-check"
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { HoldfastError } from "../../src/base/errors.ts"
import type { HostIdentity } from "../../src/operation/operation.ts"
import type { Holder, PointRecord, Store } from "../../src/operation/ports.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"

const holderOf = (id: number, command: string): Holder => ({ host: "h", bootId: "b", processId: id, processStart: `s${id}`, command })

/** Several processes on one machine, as far as a store can tell: each has its own identity, and can be declared dead. */
function machine(): { process(id: number): HostIdentity; kill(id: number): void } {
  const dead = new Set<number>()
  return {
    process: (id) => ({ self: (command) => holderOf(id, command), isAlive: (other) => !dead.has(other.processId) }),
    kill: (id) => void dead.add(id),
  }
}

let directory = ""
const path = (): string => join(directory, "deep", "store.sqlite")
const opened: Store[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-store-"))
})

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  await rm(directory, { recursive: true, force: true })
})

const point = (sequence: number): PointRecord => ({
  app: "chat",
  vault: "local",
  id: `p${sequence}`,
  sequence,
  digest: `sha256:${sequence}`,
  startedAt: new Date(`2026-04-${String(10 + sequence)}T00:00:00Z`),
  manifest: {
    label: "before",
    trigger: "manual",
    cold: true,
    appVersion: "1.2",
    warnings: ["w"],
    parts: [
      { part: "files:a", sizeBytes: 5, storedBytes: 2 },
      { part: "database:main", sizeBytes: 7, storedBytes: 1, facts: { rows: { users: 4, messages: 5 } } },
    ],
  },
  expiredAt: null,
})

interface Implementation {
  readonly name: string
  open(place: string, host: HostIdentity): Promise<Store>
}

const implementations: readonly Implementation[] = [
  { name: "SQLite", open: async (place, host) => await openSqliteStore(join(place, "store.sqlite"), { host, clock: systemClock }) },
]

for (const implementation of implementations) {
  const open = async (host: HostIdentity, place = directory): Promise<Store> => {
    const store = await implementation.open(place, host)
    opened.push(store)
    return store
  }

  describe(`a lease in the store on ${implementation.name}`, () => {
    it("is given to one process and refused to the next with the holder named", async () => {
      const { process } = machine()
      const [one, two] = [await open(process(1)), await open(process(2))]
      const first = process(1).self("holdfast backup chat")

      expect(await one.acquireLease("chat", "op-1", first)).toEqual({ acquired: true })
      expect(await two.acquireLease("chat", "op-2", process(2).self("other"))).toEqual({
        acquired: false,
        operationId: "op-1",
        holder: first,
      })
      expect(await one.holdsLease("chat", "op-1")).toBe(true)
      expect(await two.holdsLease("chat", "op-2")).toBe(false)
      expect(await two.holdsLease("chat", "op-1")).toBe(false)
    })

    it("is refused to the same process for another operation", async () => {
      const { process } = machine()
      const store = await open(process(1))
      await store.acquireLease("chat", "op-1", process(1).self("a"))

      expect(await store.acquireLease("chat", "op-2", process(1).self("b"))).toMatchObject({ acquired: false, operationId: "op-1" })
      expect(await store.acquireLease("chat", "op-1", process(1).self("a"))).toEqual({ acquired: true })
    })

    it("is independent for another app", async () => {
      const { process } = machine()
      const store = await open(process(1))
      await store.acquireLease("chat", "op-1", process(1).self("a"))

      expect(await store.acquireLease("weave", "op-2", process(1).self("a"))).toEqual({ acquired: true })
    })

    it("is taken over from a holder that is proven dead, which then no longer holds it", async () => {
      const { process, kill } = machine()
      const [one, two] = [await open(process(1)), await open(process(2))]
      await one.acquireLease("chat", "op-1", process(1).self("a"))
      kill(1)

      expect(await two.acquireLease("chat", "op-1", process(2).self("settling"))).toEqual({ acquired: true })
      expect(await one.holdsLease("chat", "op-1")).toBe(false)
      await one.releaseLease("chat", "op-1")
      expect(await two.holdsLease("chat", "op-1")).toBe(true)
    })

    it("can be taken again after it was released", async () => {
      const { process } = machine()
      const [one, two] = [await open(process(1)), await open(process(2))]
      await one.acquireLease("chat", "op-1", process(1).self("a"))
      await one.releaseLease("chat", "op-1")

      expect(await two.acquireLease("chat", "op-2", process(2).self("b"))).toEqual({ acquired: true })
    })

    it("of a dead holder is forgotten when its operation is over or was never recorded, and stays while that waits to be settled", async () => {
      const { process, kill } = machine()
      const [one, two] = [await open(process(1)), await open(process(2))]
      const holder = process(1).self("a")
      for (const [app, id] of [
        ["unrecorded", "op-1"],
        ["over", "op-2"],
        ["unfinished", "op-3"],
      ] as const) {
        await one.acquireLease(app, id, holder)
        if (app !== "unrecorded") await one.createOperation({ id, kind: "backup", app, holder, plan: {}, startedAt: new Date() })
        if (app === "over")
          await one.finishOperation(id, { finishedAt: new Date(), outcome: "succeeded", errorCode: null, message: null, result: null })
      }
      await two.acquireLease("living", "op-4", process(2).self("b"))
      await two.dropDeadLeases()
      const whileAlive = await Promise.all(
        ["unrecorded", "over", "unfinished", "living"].map(async (app) => (await two.leaseOf(app))?.operationId),
      )
      kill(1)
      await two.dropDeadLeases()
      const afterwards = await Promise.all(
        ["unrecorded", "over", "unfinished", "living"].map(async (app) => (await two.leaseOf(app))?.operationId),
      )

      expect(whileAlive).toEqual(["op-1", "op-2", "op-3", "op-4"])
      expect(afterwards).toEqual([undefined, undefined, "op-3", "op-4"])
    })

    it("never has two holders, however acquiring, releasing and dying are interleaved", async () => {
      const action = fc.record({ process: fc.integer({ min: 1, max: 3 }), what: fc.constantFrom("acquire", "release", "die") })
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(action, { minLength: 1, maxLength: 3 }), { maxLength: 12 }), async (rounds) => {
          const place = await mkdtemp(join(directory, "run-"))
          const { process, kill } = machine()
          const stores = await Promise.all([1, 2, 3].map(async (id) => await implementation.open(place, process(id))))
          const dead = new Set<number>()
          try {
            for (const round of rounds) {
              await Promise.all(
                round.map(async ({ process: id, what }) => {
                  const store = stores[id - 1]
                  if (!store || dead.has(id)) return
                  if (what === "acquire") await store.acquireLease("chat", `op-${id}`, process(id).self("x"))
                  if (what === "release") await store.releaseLease("chat", `op-${id}`)
                  if (what === "die") {
                    dead.add(id)
                    kill(id)
                  }
                }),
              )
              const held = await Promise.all(stores.map(async (store, index) => await store.holdsLease("chat", `op-${index + 1}`)))
              expect(held.filter(Boolean).length).toBeLessThanOrEqual(1)
            }
          } finally {
            for (const store of stores) await store.close()
          }
        }),
        { numRuns: 25 },
      )
    })
  })

  describe(`operations in the store on ${implementation.name}`, () => {
    const startedAt = new Date("2026-04-19T12:00:00.123Z")

    it("come back with their steps, in order, and with one end only", async () => {
      const { process } = machine()
      const store = await open(process(1))
      const holder = process(1).self("holdfast backup chat")
      await store.createOperation({ id: "op-1", kind: "backup", app: "chat", holder, plan: { parts: ["a"] }, startedAt })
      await store.beginStep("op-1", { index: 0, name: "capture", details: { path: "/x" }, at: startedAt })
      await store.endStep("op-1", 0, "done", { tree: "t" })
      await store.beginStep("op-1", { index: 1, name: "seal", details: null, at: startedAt })
      const end = { finishedAt: startedAt, outcome: "failed", errorCode: "TOOL_FAILED", message: "m", result: { a: 1 } } as const
      await store.finishOperation("op-1", end)
      await store.finishOperation("op-1", { ...end, outcome: "succeeded", errorCode: null, message: "late" })

      const fresh = await open(process(2))
      expect(await fresh.operation("op-1")).toEqual({
        id: "op-1",
        kind: "backup",
        app: "chat",
        holder,
        plan: { parts: ["a"] },
        startedAt,
        finishedAt: startedAt,
        outcome: "failed",
        errorCode: "TOOL_FAILED",
        message: "m",
        result: { a: 1 },
        cancelRequested: false,
        steps: [
          { index: 0, name: "capture", state: "done", details: { path: "/x" }, result: { tree: "t" }, at: startedAt },
          { index: 1, name: "seal", state: "started", details: null, result: null, at: startedAt },
        ],
      })
    })

    it("are listed newest first, by app, unfinished or not, up to a limit", async () => {
      const { process } = machine()
      const store = await open(process(1))
      for (const [id, app, minute] of [
        ["op-1", "chat", 1],
        ["op-2", "weave", 2],
        ["op-3", "chat", 3],
      ] as const) {
        const at = new Date(`2026-04-19T12:0${minute}:00Z`)
        await store.createOperation({ id, kind: "verify", app, holder: process(1).self(""), plan: null, startedAt: at })
      }
      await store.finishOperation("op-3", { finishedAt: startedAt, outcome: "succeeded", errorCode: null, message: null, result: null })

      const ids = async (filter: Parameters<Store["operations"]>[0]): Promise<string[]> =>
        (await store.operations(filter)).map((one) => one.id)
      expect(await ids({})).toEqual(["op-3", "op-2", "op-1"])
      expect(await ids({ app: "chat" })).toEqual(["op-3", "op-1"])
      expect(await ids({ app: "chat", unfinished: true })).toEqual(["op-1"])
      expect(await ids({ limit: 2 })).toEqual(["op-3", "op-2"])
    })

    it("can be asked to stop from another process; one that does not exist is named", async () => {
      const { process } = machine()
      const [one, two] = [await open(process(1)), await open(process(2))]
      await one.createOperation({ id: "op-1", kind: "backup", app: "chat", holder: process(1).self(""), plan: null, startedAt })

      await two.requestCancel("op-1")

      expect((await one.operation("op-1"))?.cancelRequested).toBe(true)
      await expect(two.requestCancel("op-9")).rejects.toMatchObject({ code: "OPERATION_UNKNOWN", message: "there is no operation op-9" })
      expect(await one.operation("op-9")).toBeNull()
    })
  })

  describe(`points and ledgers in the store on ${implementation.name}`, () => {
    it("are listed oldest first by sequence, with and without their manifests", async () => {
      const store = await open(machine().process(1))
      for (const sequence of [11, 2, 9]) await store.putPoint(point(sequence))
      await store.putPoint({ ...point(9), vault: "offsite" })

      const points = await store.points("chat", "local")
      expect(points.map((one) => one.sequence)).toEqual([2, 9, 11])
      expect(points[0]).toEqual(point(2))
      const { manifest: _manifest, expiredAt: _expiredAt, ...listed } = point(2)
      expect((await store.pointSummaries("chat", "local"))[0]).toEqual({
        ...listed,
        label: "before",
        trigger: "manual",
        cold: true,
        appVersion: "1.2",
        parts: ["files:a", "database:main"],
        sizeBytes: 12,
        storedBytes: 3,
        warnings: 1,
        rows: 9,
        acceptedCollapse: false,
      })
    })

    it("leave the listing when they expire and are forgotten when their data is gone", async () => {
      const store = await open(machine().process(1))
      for (const sequence of [1, 2, 3]) await store.putPoint(point(sequence))
      await store.markExpired("chat", "local", ["p1", "p2"], new Date("2026-05-01T00:00:00Z"))
      await store.removePoints("chat", "local", ["p1"])

      expect((await store.points("chat", "local")).map((one) => one.id)).toEqual(["p3"])
      expect((await store.pointSummaries("chat", "local")).map((one) => one.id)).toEqual(["p3"])
      const expired = await store.expiredPoints("chat", "local")
      expect(expired.map((one) => [one.id, one.expiredAt])).toEqual([["p2", new Date("2026-05-01T00:00:00Z")]])
    })

    it("expire thousands at a time", async () => {
      const store = await open(machine().process(1))
      await store.putPoint(point(1))
      const ids = ["p1", ...Array.from({ length: 3000 }, (_, index) => `x${index}`)]

      await store.markExpired("chat", "local", ids, new Date())
      await store.removePoints("chat", "local", ids)

      expect(await store.expiredPoints("chat", "local")).toEqual([])
    })

    it("take a proof, a pin, a kept state and a value twice without a second row", async () => {
      const store = await open(machine().process(1))
      const at = new Date("2026-04-20T00:00:00Z")
      const proof = {
        app: "chat",
        point: "p1",
        vault: "local",
        level: "read",
        at,
        durationMs: 5,
        operationId: "op-1",
        details: { ok: true },
      } as const
      const pin = { app: "chat", point: "p1", pinned: true, reason: "r", at }
      const kept = { operationId: "op-1", app: "chat", keptUntil: at, releasedAt: null, details: { names: ["x"] } }
      for (const times of [1, 2]) {
        expect(times).toBeGreaterThan(0)
        await store.putProof(proof)
        await store.putPin(pin)
        await store.putKept(kept)
        await store.setValue("kit-taken:local", "yes")
      }
      await store.putKept({ ...kept, releasedAt: at })

      expect(await store.proofs("chat")).toEqual([proof])
      expect(await store.pins("chat")).toEqual([pin])
      expect(await store.kept("chat")).toEqual([{ ...kept, releasedAt: at }])
      expect(await store.value("kit-taken:local")).toBe("yes")
      expect(await store.value("nothing")).toBeNull()
      expect(await store.proofs("weave")).toEqual([])
    })
  })
}

describe("the store's file", () => {
  const host = machine().process(1)

  it("is readable by its owner alone, side files included", async () => {
    const store = await openSqliteStore(path(), { host, clock: systemClock })
    opened.push(store)
    await store.setValue("a", "b")

    const modes = await Promise.all(["", "-wal", "-shm"].map(async (suffix) => (await stat(path() + suffix)).mode & 0o777))
    expect(modes).toEqual([0o600, 0o600, 0o600])
    expect((await stat(join(directory, "deep"))).mode & 0o777).toBe(0o700)
  })

  it("is refused as damaged when it is not a database", async () => {
    await writeFile(join(directory, "store.sqlite"), "x".repeat(8192))

    const failure = await openSqliteStore(join(directory, "store.sqlite"), { host, clock: systemClock }).catch((thrown: unknown) => thrown)

    expect(failure).toBeInstanceOf(HoldfastError)
    expect(failure).toMatchObject({
      code: "STORE_UNREADABLE",
      message: `the store ${join(directory, "store.sqlite")} is damaged`,
      why: "file is not a database",
      hint: "Move the store aside; it is rebuilt from the vault by the next command.",
    })
  })

  it("is refused when pages of it were overwritten", async () => {
    const file = join(directory, "store.sqlite")
    const store = await openSqliteStore(file, { host, clock: systemClock })
    for (let index = 0; index < 50; index += 1) await store.setValue(`key-${index}`, "y".repeat(2000))
    await store.close()
    const size = (await stat(file)).size
    const { open: openFile } = await import("node:fs/promises")
    const handle = await openFile(file, "r+")
    await handle.write(Buffer.alloc(size - 4096, 0xa5), 0, size - 4096, 4096)
    await handle.close()

    const use = async (): Promise<unknown> => {
      const damaged = await openSqliteStore(file, { host, clock: systemClock })
      opened.push(damaged)
      return await damaged.value("key-7")
    }
    await expect(use()).rejects.toMatchObject({ code: "STORE_UNREADABLE" })
  })

  it("is refused when a newer Holdfast has written it", async () => {
    const file = join(directory, "store.sqlite")
    await (await openSqliteStore(file, { host, clock: systemClock })).close()
    const { DatabaseSync } = await import("node:sqlite")
    const raw = new DatabaseSync(file)
    raw.exec("PRAGMA user_version = 99")
    raw.close()

    await expect(openSqliteStore(file, { host, clock: systemClock })).rejects.toMatchObject({
      code: "STORE_UNREADABLE",
      message: `the store ${file} was written by a newer Holdfast`,
    })
  })

  it("is made once when several processes open it for the first time together", async () => {
    const stores = await Promise.all(
      [1, 2, 3, 4].map(async (id) => await openSqliteStore(path(), { host: machine().process(id), clock: systemClock })),
    )
    opened.push(...stores)
    await Promise.all(stores.map(async (store, index) => await store.setValue(`k${index}`, "v")))

    expect(await Promise.all(stores.map(async (store) => await store.value("k3")))).toEqual(["v", "v", "v", "v"])
  })
})
