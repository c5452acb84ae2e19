import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { systemClock } from "../base/clock.ts"
import { HoldfastError } from "../base/errors.ts"
import { silentLog, silentProgress } from "../base/run-context.ts"
import { openSqliteStore } from "../tool/store/store.ts"
import type { HostIdentity, OperationRequest } from "./operation.ts"
import type { Store } from "./ports.ts"
import { runOperation, type ContextBase } from "./run-operation.ts"
import { MAX_SETTLE_ATTEMPTS, resetSettleAttempts, settleInterrupted } from "./settle.ts"

const steps = { one: { title: "one", crashLeadsTo: "nothing" }, two: { title: "two", crashLeadsTo: "nothing" } } as const
type Steps = typeof steps

let directory = ""
let store: Store
const dead = new Set<number>()
const processOf = (id: number): HostIdentity => ({
  self: (command) => ({ host: "vm", bootId: "b", processId: id, processStart: "1", command }),
  isAlive: (holder) => !dead.has(holder.processId),
})
const tools = (id = 1, use = store) => ({ store: use, host: processOf(id) })
const base = (signal = new AbortController().signal): ContextBase => ({
  signal,
  progress: silentProgress,
  log: silentLog,
  clock: systemClock,
})
const request: OperationRequest<Steps> = { kind: "backup", app: "chat", steps, plan: { parts: 1 }, command: "holdfast backup chat" }

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-operation-"))
  store = await openSqliteStore(join(directory, "store.sqlite"), { host: processOf(1), clock: systemClock })
  dead.clear()
})

afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

/** A run of process 7 that was killed inside step `one`. */
async function interrupted(kind: OperationRequest<Steps>["kind"] = "backup"): Promise<string> {
  const other = await openSqliteStore(join(directory, "store.sqlite"), { host: processOf(7), clock: systemClock })
  await other.acquireLease("chat", "op-7", processOf(7).self("holdfast backup chat"))
  await other.createOperation({
    id: "op-7",
    kind,
    app: "chat",
    holder: processOf(7).self("holdfast backup chat"),
    plan: null,
    startedAt: new Date(),
  })
  await other.beginStep("op-7", { index: 0, name: "one", details: { path: "/x" }, at: new Date() })
  await other.close()
  dead.add(7)
  return "op-7"
}

describe("a run of an operation", () => {
  it("records plan, steps and outcome, and gives the lease back", async () => {
    const run = await runOperation(tools(), request, base(), async (journal) => {
      const value = await journal.step(
        "one",
        { at: "x" },
        async () => 5,
        (five) => five,
      )
      return { outcome: "partial", result: value, record: { point: "p" }, message: "done with warnings" }
    })

    expect(run.result).toBe(5)
    expect(await store.operation(run.operationId)).toMatchObject({
      plan: { parts: 1 },
      outcome: "partial",
      errorCode: null,
      message: "done with warnings",
      result: { point: "p" },
      steps: [{ name: "one", state: "done", details: { at: "x" }, result: 5 }],
    })
    expect(await store.acquireLease("chat", "next", processOf(2).self(""))).toEqual({ acquired: true })
  })

  it("is refused while another one runs, with the holder named", async () => {
    let refusal: unknown
    const started = systemClock.monotonicMs()
    await runOperation(tools(), request, base(), async () => {
      refusal = await runOperation(
        tools(),
        { ...request, command: "holdfast verify chat" },
        base(),
        async () => await Promise.reject(new Error("ran")),
      ).catch((thrown: unknown) => thrown)
      return { outcome: "succeeded", result: null, record: null }
    })

    expect(systemClock.monotonicMs() - started).toBeLessThan(1000)
    expect(refusal).toMatchObject({ code: "OPERATION_BUSY", message: "chat is being worked on by another operation" })
    expect(refusal instanceof HoldfastError ? refusal.why : "").toMatch(
      /^`holdfast backup chat` \(process 1 on vm\) runs operation \d{8}t\d{6}-[0-9a-f]{6} since \d{4}-.*Z, for \d\.\d s$/,
    )
  })

  it("records the error it failed with, and a bug as a bug", async () => {
    const failed = runOperation(tools(), request, base(), async () => {
      throw new HoldfastError("SOURCE_EMPTY", { what: "uploads are empty", why: "0 files" })
    })
    await expect(failed).rejects.toMatchObject({ code: "SOURCE_EMPTY" })
    const bug = runOperation(tools(), request, base(), async () => await Promise.reject(new TypeError("oops")))
    await expect(bug).rejects.toThrow("oops")

    expect(await store.operations({})).toMatchObject([
      { outcome: "failed", errorCode: "BUG", message: "oops" },
      { outcome: "failed", errorCode: "SOURCE_EMPTY", message: "uploads are empty: 0 files" },
    ])
    expect(await store.holdsLease("chat", "any")).toBe(false)
  })

  it("ends as cancelled when another process asks for it", async () => {
    const run = runOperation(tools(), request, base(), async (_journal, ctx) => {
      await store.requestCancel(ctx.operationId)
      await ctx.clock.sleep(20_000, ctx.signal)
      return { outcome: "succeeded", result: null, record: null }
    })

    await expect(run).rejects.toMatchObject({ code: "OPERATION_CANCELLED" })
    expect(await store.operations({})).toMatchObject([{ outcome: "cancelled", errorCode: "OPERATION_CANCELLED" }])
  })

  it("ends as cancelled when its caller's signal is aborted, whatever the reason is", async () => {
    const controller = new AbortController()
    const run = runOperation(tools(), request, base(controller.signal), async (_journal, ctx) => {
      controller.abort()
      await ctx.clock.sleep(20_000, ctx.signal)
      return { outcome: "succeeded", result: null, record: null }
    })

    await expect(run).rejects.toMatchObject({ code: "OPERATION_CANCELLED" })
    expect(await store.operations({})).toMatchObject([{ outcome: "cancelled" }])
  })

  it("stops before its next write when its lease is lost, and records nothing over whoever took it", async () => {
    const wrote: string[] = []
    const run = runOperation(tools(), request, base(), async (journal, ctx) => {
      dead.add(1)
      await store.acquireLease("chat", ctx.operationId, processOf(2).self("settling"))
      await journal.step("one", null, async () => void wrote.push("one"))
      return { outcome: "succeeded", result: null, record: null }
    })

    await expect(run).rejects.toMatchObject({ code: "LEASE_LOST" })
    expect(wrote).toEqual([])
    expect(await store.operations({})).toMatchObject([{ outcome: null, steps: [] }])
  })

  it("is told of a lost lease in the middle of a long step", async () => {
    const run = runOperation(tools(), request, base(), async (journal, ctx) => {
      await journal.step("one", null, async () => {
        dead.add(1)
        await store.acquireLease("chat", ctx.operationId, processOf(2).self("settling"))
        await ctx.clock.sleep(20_000, ctx.signal)
      })
      return { outcome: "succeeded", result: null, record: null }
    })

    await expect(run).rejects.toMatchObject({ code: "LEASE_LOST" })
  })

  it("does not start on top of an interrupted one", async () => {
    await interrupted()

    const run = runOperation(tools(), request, base(), async () => await Promise.reject(new Error("ran")))

    await expect(run).rejects.toMatchObject({
      code: "OPERATION_UNSETTLED",
      message: "operation op-7 (backup of chat) was interrupted and is not settled",
    })
  })
})

describe("settling", () => {
  it("calls the settler of the kind with the journal, records its end and frees the app", async () => {
    await interrupted()
    const seen: unknown[] = []

    const settled = await settleInterrupted(
      tools(),
      {
        backup: async (operation, ctx) => {
          seen.push(operation.steps, ctx.operationId, await store.holdsLease("chat", "op-7"))
          return { outcome: "failed", message: "removed what was stored" }
        },
      },
      null,
      base(),
    )

    expect(settled).toMatchObject([{ operation: { id: "op-7" }, outcome: "failed", message: "removed what was stored" }])
    expect(seen).toMatchObject([[{ name: "one", state: "started", details: { path: "/x" } }], "op-7", true])
    expect(await store.operation("op-7")).toMatchObject({ outcome: "failed", errorCode: "INTERRUPTED", message: "removed what was stored" })
    expect(await settleInterrupted(tools(), {}, null, base())).toEqual([])
  })

  it("leaves runs of living processes and of other apps alone", async () => {
    await interrupted()
    const never = { backup: async () => await Promise.reject(new Error("settled")) }

    expect(await settleInterrupted(tools(), never, "weave", base())).toEqual([])
    dead.clear()
    expect(await settleInterrupted(tools(), never, null, base())).toEqual([])
  })

  it("refuses a kind it does not know", async () => {
    await interrupted("copy")

    await expect(settleInterrupted(tools(), {}, "chat", base())).rejects.toMatchObject({
      code: "OPERATION_UNSETTLED",
      message: "operation op-7 (copy of chat) cannot be settled",
      why: "this program cannot settle a copy, interrupted in step `one`",
    })
  })

  it("stops trying after five attempts, until a person asks again", async () => {
    await interrupted()
    let calls = 0
    const failing = {
      backup: async () => {
        calls += 1
        return await Promise.reject(new Error("vault is away"))
      },
    }
    const settle = async () => await settleInterrupted(tools(), failing, "chat", base())

    for (let index = 0; index < MAX_SETTLE_ATTEMPTS; index += 1)
      await expect(settle()).rejects.toMatchObject({ why: "vault is away, interrupted in step `one`" })
    await expect(settle()).rejects.toMatchObject({
      code: "OPERATION_UNSETTLED",
      why: "settling it was tried 5 times, interrupted in step `one`",
    })
    expect(calls).toBe(5)

    await resetSettleAttempts(tools(), "op-7")
    await expect(settle()).rejects.toMatchObject({ why: "vault is away, interrupted in step `one`" })
    expect(calls).toBe(6)
  })

  it("settles a run that a living process left unfinished, and leaves one alone that is under way", async () => {
    const owing = async () => await Promise.reject(new HoldfastError("OPERATION_UNSETTLED", { what: "starting chat again failed" }))
    await expect(runOperation(tools(), request, base(), owing)).rejects.toMatchObject({ code: "OPERATION_UNSETTLED" })
    const settlers = { backup: async () => await Promise.resolve({ outcome: "failed" as const, message: "started again" }) }
    expect(await settleInterrupted(tools(), settlers, "chat", base())).toMatchObject([{ message: "started again" }])

    const whileRunning = await runOperation(tools(), request, base(), async () => {
      const seen = [await settleInterrupted(tools(), settlers, "chat", base()), await settleInterrupted(tools(2), settlers, "chat", base())]
      return { outcome: "succeeded", result: seen, record: null }
    })
    expect(whileRunning.result).toEqual([[], []])
  })

  it("does not count an attempt that was stopped on request", async () => {
    await interrupted()
    const controller = new AbortController()
    const stopping = {
      backup: async () => {
        controller.abort()
        return await Promise.reject(new Error("stopped"))
      },
    }

    await expect(settleInterrupted(tools(), stopping, "chat", base(controller.signal))).rejects.toMatchObject({
      code: "OPERATION_CANCELLED",
    })
    expect(await store.value("settle-attempts:op-7")).toBe("0")
  })
})
