import type { App } from "../../app/app.ts"
import { pulledNames } from "../../app/pulled-names.ts"
import { isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { ok, trouble, type Finding } from "../finding.ts"
import { leftoversIn } from "../leftovers.ts"
import type { DoctorTools, Subject } from "../ports.ts"
import { stagedFindings } from "./staged.ts"

/** What interrupted runs left in vaults, kept states whose time is over, and what lies beside live data without anyone knowing it. */
export async function checkLeftovers(tools: DoctorTools, subject: Subject, ctx: RunContext): Promise<readonly Finding[]> {
  const found: Finding[] = [...(await containerFindings(tools, ctx)), ...(await imageFindings(tools, ctx))]
  for (const app of subject.apps) {
    found.push(...(await keptFindings(tools, app, ctx)), ...(await stagedFindings(tools, app, ctx)))
    for (const { vault, leftovers } of await leftoversIn(tools, subject.vaults, app, ctx)) {
      const points = leftovers.map((leftover) => leftover.point).join(", ")
      const remedy = "Run `holdfast expire`; it sweeps them."
      found.push(
        trouble("warn", "leftovers", `${app.name} in ${vault.location.name}`, `parts of runs that were never sealed: ${points}`, remedy),
      )
    }
  }
  return found.length > 0 ? found : [ok("leftovers", "all apps", "nothing is left over")]
}

async function keptFindings(tools: DoctorTools, app: App, ctx: RunContext): Promise<readonly Finding[]> {
  const now = ctx.clock.now()
  const over = (await tools.store.kept(app.name)).filter((kept) => kept.releasedAt === null && kept.keptUntil <= now)
  return over.map((kept) =>
    trouble(
      "warn",
      "leftovers",
      app.name,
      `the state that operation ${kept.operationId} kept was due to go at ${kept.keptUntil.toISOString()}`,
      "Run `holdfast doctor --free-space` to release it.",
    ),
  )
}

/** Containers of ours whose operation is not running any more. An engine that does not answer is told by its own check. */
async function containerFindings(tools: DoctorTools, ctx: RunContext): Promise<readonly Finding[]> {
  const listed = await tools.containers.leftovers?.(ctx).catch((thrown: unknown) => {
    if (!isHoldfastError(thrown)) throw thrown
    return []
  })
  const findings: Finding[] = []
  for (const { operationId, name } of listed ?? []) {
    const operation = await tools.store.operation(operationId)
    if (operation === null) {
      findings.push(containerOfAnother(name, operationId))
      continue
    }
    if (operation.finishedAt === null) continue
    const text = `container ${name} was made for operation ${operationId}, which is over`
    findings.push(trouble("warn", "leftovers", "Docker", text, `Remove it: docker rm --force ${name}`))
  }
  return findings
}

/** Names that images had for an operation that is over. */
async function imageFindings(tools: DoctorTools, ctx: RunContext): Promise<readonly Finding[]> {
  const listed = await pulledNames(tools.containers, ctx).catch((thrown: unknown) => {
    if (!isHoldfastError(thrown)) throw thrown
    return []
  })
  const findings: Finding[] = []
  for (const { operationId, name } of listed) {
    const operation = await tools.store.operation(operationId)
    if (operation !== null && operation.finishedAt === null) continue
    const known = operation === null ? "this store does not know" : "is over"
    const careful = operation === null ? "If no other Holdfast works on this engine, take" : "Take"
    const text = `an image has the name ${name} for operation ${operationId}, which ${known}`
    findings.push(trouble("warn", "leftovers", "Docker", text, `${careful} it away; what runs stays: docker image rm ${name}`))
  }
  return findings
}

/** An engine may serve two Holdfasts with a store each: what this store does not know may be at work for the other. */
function containerOfAnother(name: string, operationId: string): Finding {
  const text = `container ${name} was made for operation ${operationId}, which this store does not know`
  const remedy = `If no other Holdfast works on this engine, remove it: docker rm --force ${name}`
  return trouble("warn", "leftovers", "Docker", text, remedy)
}
