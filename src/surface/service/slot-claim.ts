import { randomBytes } from "node:crypto"
import { z } from "zod"
import { counted } from "../../base/units.ts"
import type { OperationTools } from "../../operation/operation.ts"
import type { SlotRecord } from "../../operation/ports.ts"
import type { DueJob } from "../../schedule/due.ts"

/** A run of one slot that is ours: nobody else runs this schedule until `release`. */
export interface Claim {
  readonly record: SlotRecord
  /** The first operation is the one that is told. */
  recorded(operationId: string, at: Date): Promise<void>
  finish(end: { outcome: Exclude<SlotRecord["outcome"], "running">; reason: string | null }, at: Date): Promise<void>
  /** The service stops in the middle of it: the slot stays open, and the next start runs it again. */
  leaveOpen(at: Date): Promise<void>
  release(): Promise<void>
}

/** One run of a slot that is cut short again and again is not tried for ever (F4). */
const MOST_ATTEMPTS = 3

/**
 * Takes a slot, of however many processes that want it only one. Null when somebody else has it or had it. While an earlier slot of the
 * same schedule still runs, this one is recorded as skipped; an earlier one that was cut short is closed, because this run catches up.
 */
export async function claimSlot(tools: OperationTools, due: DueJob, command: string, now: Date): Promise<Claim | null> {
  const { store, host } = tools
  const lease = leaseName(due)
  const leaseId = `${due.slot.toISOString()} ${randomBytes(4).toString("hex")}`
  const answer = await store.acquireLease(lease, leaseId, host.self(command))
  if (!answer.acquired) {
    await recordOverlap(tools, due, answer.operationId, now)
    return null
  }
  try {
    const record = await openSlot(tools, due, now)
    if (record !== null) return claimOf(tools, record, lease, leaseId)
  } catch (thrown) {
    await store.releaseLease(lease, leaseId)
    throw thrown
  }
  await store.releaseLease(lease, leaseId)
  return null
}

/** Whether a living process runs this schedule now. */
export async function isClaimed({ store, host }: OperationTools, schedule: Pick<DueJob, "app" | "schedule">): Promise<boolean> {
  const lease = await store.leaseOf(leaseName(schedule))
  return lease !== null && host.isAlive(lease.holder)
}

/** Closes slots that were cut short and that no schedule of the settings will run again. */
export async function closeForgotten(tools: OperationTools, isKept: (record: SlotRecord) => boolean, now: Date): Promise<void> {
  for (const record of await tools.store.slots({})) {
    if (record.outcome !== "running" || isKept(record) || (await isClaimed(tools, record))) continue
    await tools.store.putSlot({
      ...record,
      handledAt: now,
      outcome: "cancelled",
      reason: "cut short, and its schedule is no longer in force",
    })
  }
}

/** Takes away the claim of a process that was killed when its run was already recorded; nothing else would before the next slot. */
export async function dropDeadClaim({ store, host }: OperationTools, schedule: Pick<DueJob, "app" | "schedule">): Promise<void> {
  const lease = await store.leaseOf(leaseName(schedule))
  if (lease === null || host.isAlive(lease.holder)) return
  // No instant: whoever wants a slot just now is not told that a run goes on.
  const ours = `settling ${randomBytes(4).toString("hex")}`
  const answer = await store.acquireLease(leaseName(schedule), ours, host.self("settling of a scheduled run"))
  if (answer.acquired) await store.releaseLease(leaseName(schedule), ours)
}

function leaseName({ app, schedule }: Pick<DueJob, "app" | "schedule">): string {
  return `slot:${app}:${schedule}`
}

/** Whoever runs an earlier slot is why this one is skipped; whoever runs this very slot is no reason to say anything. */
async function recordOverlap({ store }: OperationTools, due: DueJob, leaseId: string, now: Date): Promise<void> {
  const running = new Date(leaseId.split(" ")[0] ?? "")
  if (!(running < due.slot)) return
  const reason = `the run of ${running.toISOString()} still went on`
  await store.claimSlot({ ...due, handledAt: now, outcome: "skipped", operationId: null, reason })
}

async function openSlot(tools: OperationTools, due: DueJob, now: Date): Promise<SlotRecord | null> {
  const { store } = tools
  const { app, schedule } = due
  const known = await store.slots({ app, schedule, until: due.slot, limit: 20 })
  for (const record of known) if (record.outcome === "running" && record.slot < due.slot) await close(tools, record, due, now)
  const fresh: SlotRecord = { ...due, handledAt: now, outcome: "running", operationId: null, reason: null }
  if (await store.claimSlot(fresh)) {
    await store.setValue(attemptsName(due), JSON.stringify({ slot: due.slot.toISOString(), attempts: 1 }))
    return fresh
  }
  const present = known.find((record) => record.slot.getTime() === due.slot.getTime())
  return present?.outcome === "running" ? await openAgain(tools, present, now) : null
}

async function close({ store }: OperationTools, record: SlotRecord, by: DueJob, now: Date): Promise<void> {
  await store.putSlot({
    ...record,
    handledAt: now,
    outcome: "cancelled",
    reason: `cut short; the run of ${by.slot.toISOString()} catches up`,
  })
}

/** The lease is ours, so whoever ran it is gone. */
async function openAgain({ store }: OperationTools, record: SlotRecord, now: Date): Promise<SlotRecord | null> {
  const operation = record.operationId === null ? null : await store.operation(record.operationId)
  if (operation?.outcome === "succeeded" || operation?.outcome === "partial") {
    const reason = "cut short after its operation was done; what follows it is done with the next run"
    await store.putSlot({ ...record, handledAt: now, outcome: "partial", reason })
    return null
  }
  const attempts = await attemptsAt(store, record)
  if (attempts >= MOST_ATTEMPTS) {
    await store.putSlot({ ...record, handledAt: now, outcome: "failed", reason: `cut short ${counted(attempts, "time")}` })
    return null
  }
  await store.setValue(attemptsName(record), JSON.stringify({ slot: record.slot.toISOString(), attempts: attempts + 1 }))
  const again = { ...record, handledAt: now, operationId: null, reason: null }
  await store.putSlot(again)
  return again
}

const attemptsSchema = z.object({ slot: z.string(), attempts: z.int() })

async function attemptsAt(store: OperationTools["store"], record: SlotRecord): Promise<number> {
  const value = await store.value(attemptsName(record))
  const known = value === null ? null : attemptsSchema.parse(JSON.parse(value))
  return known?.slot === record.slot.toISOString() ? known.attempts : 1
}

function attemptsName({ app, schedule }: Pick<DueJob, "app" | "schedule">): string {
  return `slot-attempts:${app}:${schedule}`
}

function claimOf({ store }: OperationTools, first: SlotRecord, lease: string, leaseId: string): Claim {
  let record = first
  const put = async (next: SlotRecord): Promise<void> => {
    record = next
    await store.putSlot(next)
  }
  return {
    record: first,
    recorded: async (operationId, at) => {
      if (record.operationId === null) await put({ ...record, operationId, handledAt: at })
    },
    finish: async (end, at) => await put({ ...record, ...end, handledAt: at }),
    leaveOpen: async (at) => {
      // A stop on request is not what the limit of attempts is for.
      await store.setValue(attemptsName(record), JSON.stringify({ slot: record.slot.toISOString(), attempts: 0 }))
      await put({ ...record, handledAt: at, reason: "cut short by the end of the service; it is run again at the next start" })
    },
    release: async () => await store.releaseLease(lease, leaseId),
  }
}
