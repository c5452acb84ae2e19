/** Shows the whole promise on a sample app: protected while it writes, proven, damaged in three ways, restored, compared. */
import { isHoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { backUp, plainBackup, type AppUnderCare, type BackupTools } from "../backup/backup.ts"
import { counted, formatBytes, formatDuration } from "../base/units.ts"
import { drillPoint } from "../drill/drill.ts"
import { uncancelled } from "../operation/journal.ts"
import type { ContextBase } from "../operation/run-operation.ts"
import type { SealedPoint } from "../recovery-point/recovery-point.ts"
import { plainRestore, planRestore, restoreInPlace } from "../restore/restore.ts"
import type { OpenVault } from "../vault/vault.ts"
import { verifyPoint } from "../verify/verify.ts"
import { broughtBack, damageSeen, type Comparison } from "./compare.ts"
import { callSample, sampleFacts, type SampleFacts, type SampleProgram } from "./sample-app.ts"

export type { Comparison } from "./compare.ts"
export { sampleSettings, type SampleProgram } from "./sample-app.ts"

export interface DemoSubject extends AppUnderCare {
  readonly vault: OpenVault
  readonly program: SampleProgram
}

export interface DemoStep {
  readonly name: string
  readonly detail: string
  readonly durationMs: number
}

export interface DemoReport {
  /** Whether every comparison held. */
  readonly passed: boolean
  readonly point: string
  readonly safetyPoint: string | null
  readonly downtimeMs: number
  readonly steps: readonly DemoStep[]
  readonly comparisons: readonly Comparison[]
}

type Step = <T>(name: string, work: () => Promise<T>, detail: (result: T) => string) => Promise<T>

/** Runs the demo. The sample app is stopped at the end, however it ends. Throws what a verb throws; a comparison that does not hold is a value. */
export async function runDemo(tools: BackupTools, subject: DemoSubject, command: string, base: ContextBase): Promise<DemoReport> {
  const ctx: RunContext = { ...base, operationId: "demo" }
  try {
    return await showPromise(tools, subject, command, base, ctx)
  } finally {
    await callSample(tools.commands, subject.program, uncancelled(ctx), "stop").catch((thrown: unknown) => {
      if (!isHoldfastError(thrown)) throw thrown
      base.progress.warn(`the sample app could not be stopped: ${messageOf(thrown)}`)
    })
  }
}

async function showPromise(
  tools: BackupTools,
  subject: DemoSubject,
  command: string,
  base: ContextBase,
  ctx: RunContext,
): Promise<DemoReport> {
  const { program, vault } = subject
  const { step, steps } = stepList(ctx)
  const look = async (upTo: number | null): Promise<SampleFacts> => await sampleFacts(tools.commands, program, upTo, ctx)

  const before = await step("start the sample app", async () => await startAndLook(tools, program, ctx), describeFacts)
  const point = await step(
    "back up while it writes",
    async () => await backUp(tools, vault, subject, plainBackup, command, base),
    describePoint,
  )
  const origin = { vault, point }
  await step(
    "read every byte back",
    async () => await verifyPoint(tools, vault, point, "read", command, base),
    (report) => `${report.parts.length} parts`,
  )
  await step(
    "drill: restore into a sandbox",
    async () => await drillPoint(tools, subject.app, origin, "restored", command, base),
    (report) => `${report.assertions.filter((one) => one.passed).length} assertions held`,
  )
  const damaged = await step("damage it in three ways", async () => await damageAndLook(tools, program, before, ctx), describeDamage)
  const restored = await step("restore in place", async () => await restore(tools, subject, point, command, base, ctx), describeRestore)
  const after = await step("compare", async () => await look(before.acknowledged), describeFacts)
  const comparisons = [...damageSeen(before, damaged), ...broughtBack(before, after), await wellAgain(tools, program, ctx)]
  return {
    passed: comparisons.every((one) => one.held),
    point: point.manifest.id,
    safetyPoint: restored.safetyPoint,
    downtimeMs: restored.downtimeMs,
    steps,
    comparisons,
  }
}

function stepList(ctx: RunContext): { step: Step; steps: readonly DemoStep[] } {
  const steps: DemoStep[] = []
  const step: Step = async (name, work, detail) => {
    const startedMs = ctx.clock.monotonicMs()
    ctx.progress.step(name)
    const result = await work()
    const durationMs = Math.round(ctx.clock.monotonicMs() - startedMs)
    steps.push({ name, detail: detail(result), durationMs })
    return result
  }
  return { step, steps }
}

/** The facts are those of rows that were acknowledged before the point begins. */
async function startAndLook(tools: BackupTools, program: SampleProgram, ctx: RunContext): Promise<SampleFacts> {
  await callSample(tools.commands, program, ctx, "start")
  const { acknowledged } = await sampleFacts(tools.commands, program, null, ctx)
  return await sampleFacts(tools.commands, program, acknowledged, ctx).then((facts) => ({ ...facts, acknowledged }))
}

async function damageAndLook(tools: BackupTools, program: SampleProgram, before: SampleFacts, ctx: RunContext): Promise<SampleFacts> {
  await callSample(tools.commands, program, ctx, "damage")
  return await sampleFacts(tools.commands, program, before.acknowledged, ctx)
}

async function restore(tools: BackupTools, subject: DemoSubject, point: SealedPoint, command: string, base: ContextBase, ctx: RunContext) {
  const origin = { vault: subject.vault, point }
  const plan = await planRestore(tools, subject.app, origin, plainRestore, ctx)
  return await restoreInPlace(tools, subject, origin, plan, plainRestore, command, base)
}

async function wellAgain(tools: BackupTools, program: SampleProgram, ctx: RunContext): Promise<Comparison> {
  const name = "the app is well and writes again"
  try {
    const { acknowledged } = await sampleFacts(tools.commands, program, null, ctx)
    await callSample(tools.commands, program, ctx, "health")
    return { name, held: acknowledged > 0, detail: `row ${acknowledged} is acknowledged` }
  } catch (thrown) {
    if (!isHoldfastError(thrown, "TOOL_FAILED")) throw thrown
    return { name, held: false, detail: thrown.why ?? thrown.message }
  }
}

function describeFacts(facts: SampleFacts): string {
  return `${counted(facts.rows, "row")}, ${counted(Object.keys(facts.uploads).length, "upload")}, 1 secret`
}

function describePoint(point: SealedPoint): string {
  const sizeBytes = point.manifest.parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  return `${point.manifest.parts.length} parts, ${formatBytes(sizeBytes)}`
}

function describeDamage(facts: SampleFacts): string {
  return `${counted(facts.corruptRows, "row")}, ${counted(facts.lostUploads, "upload")}, the secret`
}

function describeRestore(report: { readonly downtimeMs: number }): string {
  return `down for ${formatDuration(report.downtimeMs)}`
}
