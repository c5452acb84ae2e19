import { stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { HoldfastError } from "../../src/base/errors.ts"
import type { HostIdentity } from "../../src/operation/operation.ts"
import type { PointRecord, Store } from "../../src/operation/ports.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import { implementations, machine, storePlace, type StorePlace } from "../fixture/store-place.ts"

let place: StorePlace
let directory = ""
const path = (): string => join(directory, "deep", "store.sqlite")

beforeEach(async () => {
  place = await storePlace()
  directory = place.directory
})

afterEach(async () => await place.close())

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

for (const implementation of implementations) {
  const open = async (host: HostIdentity): Promise<Store> => await place.open(implementation, host)

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
        unnamed: [],
      })
    })

    it("say in listings what their app had and no setting named", async () => {
      const store = await open(machine().process(1))
      const media = { name: "media", what: "volume chat_media" }
      await store.putPoint({ ...point(1), manifest: { unnamed: [media] } })
      await store.putPoint({ ...point(2), manifest: { unnamed: [media, "volume chat_other"] } })

      const [first, second] = await store.pointSummaries("chat", "local")
      expect(first?.unnamed).toEqual([media])
      expect(second?.unnamed).toEqual([])
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

    it("are listed as they are now, whoever wrote since they were listed last", async () => {
      const [one, two] = [await open(machine().process(1)), await open(machine().process(2))]
      const listed = async (): Promise<readonly string[]> => (await one.pointSummaries("chat", "local")).map(({ id }) => id)
      expect(await listed()).toEqual([])

      await two.putPoint(point(1))
      expect(await listed()).toEqual(["p1"])
      await one.putPoint(point(2))
      expect(await listed()).toEqual(["p1", "p2"])
      expect((await two.pointSummaries("chat", "local")).map(({ id }) => id)).toEqual(["p1", "p2"])
      await two.putPoint({ ...point(2), digest: "sha256:other" })
      expect((await one.pointSummaries("chat", "local")).map(({ digest }) => digest)).toEqual(["sha256:1", "sha256:other"])
      await two.markExpired("chat", "local", ["p1"], new Date())
      expect(await listed()).toEqual(["p2"])
      await one.removePoints("chat", "local", ["p2"])
      expect(await listed()).toEqual([])
      await one.putPoint(point(3))
      expect(await listed()).toEqual(["p3"])
      await one.markExpired("chat", "local", ["p3"], new Date())
      expect(await listed()).toEqual([])
    })

    it("are not written anew while nobody writes, and cannot be changed by who reads them", async () => {
      const store = await open(machine().process(1))
      await store.putPoint(point(1))
      const listed = await store.pointSummaries("chat", "local")
      await store.setValue("something", "else")

      expect(await store.pointSummaries("chat", "local")).toBe(listed)
      expect(Object.isFrozen(listed)).toBe(true)
      expect(await store.proofs("chat")).toBe(await store.proofs("chat"))
    })

    it("have the proofs that another process made since they were asked for last", async () => {
      const [one, two] = [await open(machine().process(1)), await open(machine().process(2))]
      const proof = { app: "chat", point: "p1", vault: "local", level: "read", durationMs: 5, operationId: "op-1", details: null } as const
      const asked = async (): Promise<number> => (await one.proofs("chat")).length
      expect(await asked()).toBe(0)

      await two.putProof({ ...proof, at: new Date("2026-04-20T00:00:00Z") })
      expect(await asked()).toBe(1)
      await one.putProof({ ...proof, at: new Date("2026-04-21T00:00:00Z") })
      expect(await asked()).toBe(2)
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
    place.keep(store)
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
      place.keep(damaged)
      return await damaged.value("key-7")
    }
    await expect(use()).rejects.toMatchObject({ code: "STORE_UNREADABLE" })
  })

  /** A store as a program of ninety-nine migrations leaves it; `readableBy` is the oldest that can still work with it. */
  const writtenByNewer = async (readableBy: number): Promise<string> => {
    const file = path()
    const store = await openSqliteStore(file, { host, clock: systemClock })
    await store.setValue("key", "value")
    await store.close()
    const { DatabaseSync } = await import("node:sqlite")
    const raw = new DatabaseSync(file)
    raw.exec(`ALTER TABLE operation ADD COLUMN of_ninety_nine TEXT; PRAGMA user_version = 99; PRAGMA application_id = ${readableBy}`)
    raw.close()
    return file
  }

  it.each([99, 4, 0])("is refused when a newer Holdfast has written it that says %i of who can read it", async (readableBy) => {
    const file = await writtenByNewer(readableBy)
    await expect(openSqliteStore(file, { host, clock: systemClock })).rejects.toMatchObject({
      code: "STORE_UNREADABLE",
      message: `the store ${file} was written by a newer Holdfast`,
    })
  })

  it("goes on to be used when a newer Holdfast only added to it, and keeps that one's version", async () => {
    const file = await writtenByNewer(2)
    const store = await openSqliteStore(file, { host, clock: systemClock })
    place.keep(store)
    expect(await store.value("key")).toBe("value")
    const { DatabaseSync } = await import("node:sqlite")
    const raw = new DatabaseSync(file)
    expect(raw.prepare("PRAGMA user_version").get()).toEqual({ user_version: 99 })
    raw.close()
  })

  it("is made once when several processes open it for the first time together", async () => {
    const stores = await Promise.all(
      [1, 2, 3, 4].map(async (id) => await openSqliteStore(path(), { host: machine().process(id), clock: systemClock })),
    )
    place.keep(...stores)
    await Promise.all(stores.map(async (store, index) => await store.setValue(`k${index}`, "v")))

    expect(await Promise.all(stores.map(async (store) => await store.value("k3")))).toEqual(["v", "v", "v", "v"])
  })
})
