import { rm } from "node:fs/promises"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import type { RunContext } from "../../src/base/run-context.ts"
import { applyExpire, goingPoints, isIdle, planExpire, settleExpire, type ExpireOptions } from "../../src/expire/expire.ts"
import { settleInterrupted } from "../../src/operation/settle.ts"
import type { PointRecord, Store } from "../../src/operation/ports.ts"
import { manifestSchema } from "../../src/recovery-point/manifest.ts"
import {
  app,
  benchOf,
  checkVault,
  ctx,
  layVault,
  mortalHost,
  NOW,
  prove,
  type Bench,
  type Laid,
  withAppendOnlyServer,
} from "./retention-vault.ts"

const KEEP: ExpireOptions = { policy: { last: 2 }, timezone: "Etc/UTC", acceptSmaller: false }
const at = (now: Date): RunContext => ({ ...ctx(), clock: { ...ctx().clock, now: () => now } })

let laid: Laid
let small: Laid
const benches: Bench[] = []
const bench = async (...args: Parameters<typeof benchOf>): Promise<Bench> => {
  const made = await benchOf(...args)
  benches.push(made)
  return made
}
const plan = async ({ tools, vault }: Bench, options = KEEP) => await planExpire(tools, app, vault, options, ctx())

const safetyOf = (record: PointRecord, operationId: string): PointRecord["manifest"] => ({
  ...manifestSchema.parse(record.manifest),
  trigger: "safety",
  operationId,
})

beforeAll(async () => {
  laid = await layVault(12)
  small = await layVault(4)
})

afterEach(async () => {
  for (const made of benches.splice(0)) await made.dispose()
})

afterAll(async () => {
  for (const made of [laid, small]) await rm(made.directory, { recursive: true, force: true })
})

describe("expiring from a real vault", () => {
  it("removes what the policy lets go, its unused image and unsealed leftovers, and leaves the vault sound", async () => {
    const one = await bench(laid)
    const planned = await plan(one)
    expect(goingPoints(planned)).toEqual(["p10", "p9", "p8", "p7", "p6", "p5", "p4", "p3", "p2", "p1"])
    expect(planned.storedBytes).toBe(10 * 1001)
    expect(planned.unsealed).toHaveLength(1)
    expect(planned.unusedImages.map((item) => item.tags.part)).toEqual([`image:sha256:${"a".repeat(64)}`])
    expect(await one.remaining()).toEqual({ points: laid.records.map((record) => record.id), images: 2, items: 27 })

    const report = await applyExpire(one.tools, one.vault, planned, "holdfast expire chat", ctx())

    expect(report.removed.toSorted()).toEqual(["p1", "p10", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"])
    expect(await one.remaining()).toEqual({ points: ["p11", "p12"], images: 1, items: 5 })
    expect((await one.tools.store.points("chat", "local")).map((point) => point.id)).toEqual(["p11", "p12"])
    expect(await one.tools.store.expiredPoints("chat", "local")).toEqual([])
    expect(checkVault(one)).toBe("sound")
    expect(isIdle(await plan(one))).toBe(true)
    const again = await applyExpire(one.tools, one.vault, await plan(one), "holdfast expire chat", ctx())
    expect(again.removed).toEqual([])
  })

  it("holds pinned points, the newest proven one and everything newer than it, each with its reason", async () => {
    const one = await bench(laid, ["p9", "p10", "p11", "p12"])
    await one.tools.store.putPin({ app: "chat", point: "p3", pinned: true, reason: "audit", at: NOW })
    const kept = (await plan(one)).points.filter((point) => point.keep)
    expect(kept.map((point) => [point.id, point.reasons.map((reason) => reason.rule)])).toEqual([
      ["p12", ["last", "newest", "nothing-better"]],
      ["p11", ["last", "nothing-better"]],
      ["p10", ["nothing-better"]],
      ["p9", ["nothing-better"]],
      ["p8", ["newest-proven"]],
      ["p3", ["pinned"]],
    ])
  })

  it("lets an unpinned point go again", async () => {
    const one = await bench(laid)
    const pin = { app: "chat", point: "p3", reason: null }
    await one.tools.store.putPin({ ...pin, pinned: true, at: new Date(NOW.getTime() - 2) })
    await one.tools.store.putPin({ ...pin, pinned: false, at: new Date(NOW.getTime() - 1) })
    expect(goingPoints(await plan(one))).toContain("p3")
  })

  it("refuses a plan that a pin, a proof or a new point has made stale, and removes nothing", async () => {
    const one = await bench(laid, ["p12"])
    const planned = await plan(one)
    await prove(one.tools.store, "p12")
    await expect(applyExpire(one.tools, one.vault, planned, "holdfast expire", ctx())).rejects.toMatchObject({
      code: "PLAN_STALE",
      message: "the points of chat in local are not those of the plan any more",
    })
    expect((await one.remaining()).points).toHaveLength(12)
  })

  it("does not take a point for good whose last check found damage", async () => {
    const one = await bench(laid)
    const { store, host } = one.tools
    const verify = {
      id: "v1",
      kind: "verify" as const,
      app: "chat",
      holder: host.self("verify"),
      plan: { point: "p12", vault: "local" },
      startedAt: NOW,
    }
    await store.createOperation(verify)
    const later = new Date(NOW.getTime() + 1)
    await store.finishOperation("v1", { finishedAt: later, outcome: "failed", errorCode: "POINT_DAMAGED", message: "m", result: null })
    const kept = (await plan(one, { ...KEEP, policy: { last: 1 } })).points.filter((point) => point.keep)
    expect(kept.map((point) => point.id)).toEqual(["p12", "p11"])
  })

  it("keeps the safety point of an operation that can still be undone, and lets it go once the kept state is released", async () => {
    const one = await bench(laid)
    const [first] = laid.records
    if (first === undefined) throw new Error("a record was laid")
    await one.tools.store.putPoint({ ...first, manifest: safetyOf(first, "restore-1") })
    // The newest of its own group: a second one takes that place.
    const second = laid.records[1]
    if (second === undefined) throw new Error("a record was laid")
    await one.tools.store.putPoint({ ...second, manifest: safetyOf(second, "restore-2") })
    const kept = { operationId: "restore-1", app: "chat", keptUntil: NOW, details: null }
    await one.tools.store.putKept({ ...kept, releasedAt: null })
    const only = { ...KEEP, policy: { last: 1 } }
    expect((await plan(one, only)).points.find((point) => point.id === "p1")?.reasons).toEqual([
      { rule: "safety", text: "the safety point of operation restore-1, which can still be undone" },
    ])
    await one.tools.store.putKept({ ...kept, releasedAt: NOW })
    expect(goingPoints(await plan(one, only))).toContain("p1")
  })

  it("refuses while the store has not read the vault's ledger", async () => {
    const one = await bench(small)
    await one.tools.store.setValue("synced:local:chat", "another vault")
    await expect(plan(one)).rejects.toMatchObject({
      code: "STORE_BEHIND",
      message: "the store has not read the proofs and pins of chat from local yet",
      hint: "Run `holdfast points` to read the vault, then make the plan again.",
    })
  })

  it("refuses while the store does not know all points of the vault", async () => {
    const one = await bench(laid)
    await one.tools.store.removePoints("chat", "local", ["p5"])
    await expect(plan(one)).rejects.toMatchObject({
      code: "STORE_BEHIND",
      message: "the store does not know 1 of the points in local",
      why: "p5",
    })
  })

  it("refuses when a listed point is gone from the vault", async () => {
    const one = await bench(laid)
    const items = await one.vault.backend.list(one.vault.location, { app: "chat", point: "p7" }, ctx())
    await one.vault.backend.remove(one.vault.location, items, { freeSpace: false }, ctx())
    await expect(plan(one)).rejects.toMatchObject({
      code: "CHAIN_BROKEN",
      message: "1 point is no longer in local, and Holdfast did not expire them",
      why: "p7",
    })
  })

  it("refuses while the clock is implausible", async () => {
    const one = await bench(small)
    const { tools, vault } = one
    await expect(planExpire(tools, app, vault, KEEP, at(new Date("1970-01-01T00:01:00Z")))).rejects.toMatchObject({
      code: "CLOCK_IMPLAUSIBLE",
      message: "the clock says 1970-01-01T00:01:00.000Z",
      why: "that is before this program was written",
    })
    const early = new Date(NOW.getTime() - 3 * 86_400_000)
    await expect(planExpire(tools, app, vault, KEEP, at(early))).rejects.toMatchObject({ code: "CLOCK_IMPLAUSIBLE" })
  })

  it("refuses an append-only vault before anything is changed", async () => {
    const one = await bench(small)
    const vault = { ...one.vault, location: { ...one.vault.location, appendOnly: true } }
    await expect(planExpire(one.tools, app, vault, KEEP, ctx())).rejects.toMatchObject({
      code: "VAULT_DELETE_REFUSED",
      message: "local is append-only: nothing can be removed from it with these credentials",
    })
  })

  it("refuses a policy that keeps nothing", async () => {
    const one = await bench(small)
    await expect(plan(one, { ...KEEP, policy: { last: 0 } })).rejects.toMatchObject({ code: "RETENTION_INVALID" })
  })

  it("leaves young leftovers and images alone: a run on another host may need them", async () => {
    const one = await bench(small)
    const young = await planExpire(one.tools, app, one.vault, KEEP, at(new Date(Date.now() + 3_600_000))).catch((thrown: unknown) => thrown)
    expect(young).toMatchObject({ unsealed: [], unusedImages: [] })
  })
})

/** A process that is killed at one moment: from then on its store takes nothing more. */
function killedAt(step: string, when: "before" | "after", host: ReturnType<typeof mortalHost>): (store: Store) => Store {
  return (store) => {
    let alive = true
    let index = -1
    const guard =
      <A extends unknown[], R>(method: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        if (!alive) throw new Error("killed")
        return await method(...args)
      }
    const die = (): never => {
      alive = false
      host.die()
      throw new Error("killed")
    }
    return {
      ...store,
      acquireLease: guard(store.acquireLease),
      releaseLease: guard(store.releaseLease),
      finishOperation: guard(store.finishOperation),
      markExpired: guard(store.markExpired),
      removePoints: guard(store.removePoints),
      beginStep: async (operationId, details) => {
        if (!alive) throw new Error("killed")
        await store.beginStep(operationId, details)
        if (details.name !== step) return
        index = details.index
        if (when === "before") die()
      },
      endStep: async (operationId, ended, state, result) => {
        if (!alive || (ended === index && when === "after")) die()
        await store.endStep(operationId, ended, state, result)
      },
    }
  }
}

describe("a crash in the middle of an expiry", () => {
  const steps = ["unlist", "remove-manifests", "remove-data", "forget"] as const
  const whens = process.env["HOLDFAST_TEST_FULL"] === "1" ? (["before", "after"] as const) : (["before"] as const)
  const moments = steps.flatMap((step) => whens.map((when) => ({ step, when })))

  it.each(moments)("killed $when the work of `$step`: settling finishes it, listed points stay whole", async ({ step, when }) => {
    const one = await bench(small)
    const { store } = one.tools
    const dying = { store: killedAt(step, when, one.host)(store), host: one.host }
    const planned = await plan(one)
    await expect(applyExpire(dying, one.vault, planned, "holdfast expire chat", ctx())).rejects.toThrow("killed")
    expect(await store.operations({ unfinished: true })).toHaveLength(1)

    const survivor = { store, host: { ...mortalHost(2000), isAlive: one.host.isAlive } }
    const settlers = {
      expire: async (...[operation, settling]: [Parameters<typeof settleExpire>[2], RunContext]) =>
        await settleExpire(survivor, one.vault, operation, settling),
    }
    const [settled] = await settleInterrupted(survivor, settlers, "chat", ctx())

    expect(settled?.outcome).toBe("succeeded")
    expect(settled?.message).toMatch(/^interrupted, then finished: [02] points removed from local$/)
    expect(await one.remaining()).toEqual({ points: ["p3", "p4"], images: 1, items: 5 })
    expect((await store.points("chat", "local")).map((point) => point.id)).toEqual(["p3", "p4"])
    expect(await store.expiredPoints("chat", "local")).toEqual([])
    expect(await store.operations({ unfinished: true })).toEqual([])
  })
})

describe("an append-only server", () => {
  it("refuses the deletion, which is told; the points are listed again and the next plan is the same", async () => {
    const one = await bench(small)
    const planned = await plan(one)
    await withAppendOnlyServer(one.directory, async (url) => {
      const vault = { ...one.vault, location: { ...one.vault.location, url } }
      const refused = applyExpire(one.tools, vault, planned, "holdfast expire", ctx())
      await expect(refused).rejects.toMatchObject({ code: "VAULT_DELETE_REFUSED", message: "local refused to remove points of chat" })
      await expect(refused).rejects.toHaveProperty("why", expect.stringMatching(/; 2 points are whole and listed again$/))
    })
    expect((await one.remaining()).points).toEqual(["p1", "p2", "p3", "p4"])
    expect((await one.tools.store.points("chat", "local")).map((point) => point.id)).toEqual(["p1", "p2", "p3", "p4"])
    expect(await one.tools.store.operations({ unfinished: true })).toEqual([])
    expect(goingPoints(await plan(one))).toEqual(["p2", "p1"])
  })
})
