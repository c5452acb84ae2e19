import { rm } from "node:fs/promises"
import type { App } from "../app/app.ts"
import { canonicalJson, sha256 } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Journal } from "../operation/journal.ts"
import type { OperationTools, Settlement } from "../operation/operation.ts"
import type { KeptRecord } from "../operation/ports.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import { sweepUnsealed } from "../recovery-point/recovery-point.ts"
import type { VaultBackend, VaultLocation } from "../vault/ports.ts"
import { freeSpaceSteps } from "./free-space-steps.ts"
import { leftoversIn } from "./leftovers.ts"
import { logsOf } from "./removable/logs.ts"
import { migrationBackups } from "./removable/migration-backups.ts"
import type { Removable } from "./removable/removable.ts"

export type { Removable } from "./removable/removable.ts"

export interface FreeSpaceTools extends OperationTools {
  readonly backend: VaultBackend
  /** Drops what these restores kept beside, and marks it released; the restore room's own. */
  releaseKept(app: App, operationIds: ReadonlySet<string>, ctx: RunContext): Promise<readonly string[]>
  /** Bytes of what one restore kept; null where they cannot be told. The restore room's own. */
  keptBytes?(app: App, record: KeptRecord, ctx: RunContext): Promise<number | null>
  /** Versions that updates built here; the update room's own. */
  readonly built?: {
    list(app: App, ctx: RunContext): Promise<readonly Omit<Removable, "kind" | "vault">[]>
    remove(path: string): Promise<void>
  }
}

export interface FreeSpacePlan {
  readonly app: App
  readonly items: readonly Removable[]
  /** Sum of what is known of the items that can go. */
  readonly freedBytes: number
  /** Digest of the items; a plan made before a change is refused. */
  readonly generation: string
}

const DAY_MS = 86_400_000

/** What of one app can go, with bytes, and what stays for which reason. Changes nothing. */
export async function planFreeSpace(
  tools: FreeSpaceTools,
  app: App,
  vaults: readonly VaultLocation[],
  ctx: RunContext,
): Promise<FreeSpacePlan> {
  const items = [
    ...(await migrationBackups(tools.store, app)),
    ...(await logsOf(app)),
    ...(await keptStates(tools, app, ctx)),
    ...(await builtVersions(tools, app, ctx)),
    ...(await unsealedParts(tools, app, vaults, ctx)),
  ]
  const freedBytes = items.filter((item) => item.remove).reduce((sum, item) => sum + (item.sizeBytes ?? 0), 0)
  const going = items.filter((item) => item.remove).map((item) => [item.kind, item.subject, item.vault])
  return { app, items, freedBytes, generation: sha256(canonicalJson(going)) }
}

async function keptStates(tools: FreeSpaceTools, app: App, ctx: RunContext): Promise<readonly Removable[]> {
  const now = ctx.clock.now()
  const kept = (await tools.store.kept(app.name)).filter((record) => record.releasedAt === null)
  const items: Removable[] = []
  for (const record of kept) {
    const { operationId, keptUntil } = record
    const over = keptUntil <= now
    const until = keptUntil.toISOString()
    const why = over ? `kept for undo until ${until}` : `can be undone until ${until}`
    const sizeBytes = (await tools.keptBytes?.(app, record, ctx)) ?? null
    items.push({ kind: "kept-state", subject: operationId, vault: null, sizeBytes, remove: over, why })
  }
  return items
}

async function builtVersions({ built }: FreeSpaceTools, app: App, ctx: RunContext): Promise<readonly Removable[]> {
  const listed = (await built?.list(app, ctx)) ?? []
  return listed.map((version) => ({ kind: "built-version", vault: null, ...version }))
}

async function unsealedParts(
  tools: FreeSpaceTools,
  app: App,
  vaults: readonly VaultLocation[],
  ctx: RunContext,
): Promise<readonly Removable[]> {
  const found = await leftoversIn(tools, vaults, app, ctx)
  return found.flatMap(({ vault, leftovers }) =>
    leftovers.map(({ point, items }): Removable => {
      const why = `${items.length} parts of a run that never sealed its point`
      const refused = vault.location.appendOnly
      return {
        kind: "unsealed",
        subject: point,
        vault: vault.location.name,
        sizeBytes: null,
        remove: !refused,
        why: refused ? `${why}; the vault is append-only` : why,
      }
    }),
  )
}

/**
 * Removes what the plan says can go, each in a journaled step, under the app's lease.
 * Throws PLAN_STALE when the same plan would say something else now. Returns what went.
 */
export async function applyFreeSpace(
  tools: FreeSpaceTools,
  plan: FreeSpacePlan,
  vaults: readonly VaultLocation[],
  command: string,
  base: ContextBase,
): Promise<readonly string[]> {
  const going = plan.items.filter((item) => item.remove)
  const recorded = { generation: plan.generation, items: going.map((item) => ({ ...item })) }
  const request = { kind: "release-kept" as const, app: plan.app.name, steps: freeSpaceSteps, plan: recorded, command }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    const now = await planFreeSpace(tools, plan.app, vaults, ctx)
    if (now.generation !== plan.generation)
      throw new HoldfastError("PLAN_STALE", { what: `what can go of ${plan.app.name} is not what the plan says any more` })
    await removeFiles(going, journal)
    await releaseStates(tools, plan.app, going, journal, ctx)
    await removeBuilt(tools, going, journal)
    await sweepVaults(tools, plan.app, vaults, going, journal, ctx)
    const gone = going.map((item) => item.subject)
    return { outcome: "succeeded", result: gone, record: gone }
  })
  return end.result
}

type FreeSpaceJournal = Journal<typeof freeSpaceSteps>

async function removeFiles(going: readonly Removable[], journal: FreeSpaceJournal): Promise<void> {
  const files = going.filter((item) => item.kind === "migration-backup" || item.kind === "log")
  for (const { subject, sizeBytes, why } of files) {
    await journal.step("remove-file", { path: subject, sizeBytes, why }, async () => await rm(subject, { force: true }))
  }
}

async function releaseStates(
  tools: FreeSpaceTools,
  app: App,
  going: readonly Removable[],
  journal: FreeSpaceJournal,
  ctx: RunContext,
): Promise<void> {
  const operations = going.filter((item) => item.kind === "kept-state").map((item) => item.subject)
  if (operations.length === 0) return
  await journal.step("release-kept", { operations }, async () => await tools.releaseKept(app, new Set(operations), ctx))
}

async function removeBuilt({ built }: FreeSpaceTools, going: readonly Removable[], journal: FreeSpaceJournal): Promise<void> {
  for (const { kind, subject, why } of going)
    if (kind === "built-version") await journal.step("remove-built", { path: subject, why }, async () => await built?.remove(subject))
}

async function sweepVaults(
  tools: FreeSpaceTools,
  app: App,
  vaults: readonly VaultLocation[],
  going: readonly Removable[],
  journal: FreeSpaceJournal,
  ctx: RunContext,
): Promise<void> {
  const names = new Set(going.flatMap((item) => (item.kind === "unsealed" ? [item.vault] : [])))
  for (const { vault } of names.size === 0 ? [] : await leftoversIn(tools, vaults, app, ctx)) {
    if (!names.has(vault.location.name)) continue
    const details = { vault: vault.location.name }
    await journal.step("sweep-unsealed", details, async () => await sweepUnsealed(vault, tools.store, app.name, DAY_MS, ctx))
  }
}

/** Every step of it is whole or absent, and the next plan names what is left: nothing is owed after a crash. */
export async function settleFreeSpace(): Promise<Settlement> {
  return await Promise.resolve({ outcome: "partial", message: "interrupted; what was not removed yet is still there" })
}
