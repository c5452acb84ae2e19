/** Kept states whose undo window has closed go by themselves, after a backup has put a newer good point beside them (design §7, step 8). */
import { z } from "zod"
import type { App } from "../app/app.ts"
import type { RunContext } from "../base/run-context.ts"
import type { StepTable } from "../operation/journal.ts"
import type { KeptRecord } from "../operation/ports.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import { releaseKept } from "./kept.ts"
import type { RestoreTools } from "./ports.ts"

const releaseSteps = {
  "release-kept": { title: "release kept states", crashLeadsTo: "those not yet released stay, and are released after the next backup" },
} as const satisfies StepTable

/**
 * Releases what is due, as a journaled operation of its own; nothing is recorded where nothing is due. Returns the operations whose
 * kept states went. A kept state without a safety point is the only copy of what was live: it stays until a person releases it.
 */
export async function releaseDue(tools: RestoreTools, app: App, command: string, base: ContextBase): Promise<readonly string[]> {
  const operations = (await tools.store.kept(app.name)).filter((record) => isDue(record, base)).map((record) => record.operationId)
  if (operations.length === 0) return []
  const plan = { operations, because: "the undo window has closed" }
  const request = { kind: "release-kept" as const, app: app.name, steps: releaseSteps, plan, command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    const releasing = async () => await releaseKept(tools, app, (record) => isDue(record, ctx), ctx)
    const released = await journal.step("release-kept", { operations }, releasing)
    return { outcome: "succeeded", result: released, record: [...released] }
  })
  return end.result
}

const safetySchema = z.object({ safetyPoint: z.string().nullable() })

function isDue(record: KeptRecord, ctx: Pick<RunContext, "clock">): boolean {
  if (record.releasedAt !== null || record.keptUntil > ctx.clock.now()) return false
  return safetySchema.parse(record.details).safetyPoint !== null
}
