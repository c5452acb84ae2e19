import { lstat } from "node:fs/promises"
import { basename, join } from "node:path"
import { HoldfastError, messageOf } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { Examination, Salvager } from "./salvage-ports.ts"

export interface SalvageOptions {
  /** Where the result goes; must not exist. `<file>.salvaged` when null. */
  readonly into: string | null
  /** Rows by table of the last good point, to tell what is missing. */
  readonly lastGoodRows: Readonly<Record<string, number>> | null
}

export interface SalvageReport {
  readonly file: string
  readonly salvaged: string
  /** `whole`: nothing was damaged once the log was replayed; `recovered`: rows were read page by page. */
  readonly method: "whole" | "recovered"
  readonly logBytes: number
  /** What was wrong with the file. */
  readonly damage: readonly string[]
  readonly tables: readonly SalvagedTable[]
  /** Rows whose table could not be told: in table `lost_and_found` of the result. */
  readonly lostAndFound: number
  readonly warnings: readonly string[]
}

export interface SalvagedTable {
  readonly table: string
  readonly rows: number
  /** Null when the last good point does not have it, or there is none. */
  readonly lastGood: number | null
}

/**
 * Saves what can be saved from a damaged SQLite file: works on a copy with its log, replays the log, and when the copy is still
 * damaged reads it page by page into a new file. The original and any existing file are never written to (design §7).
 * Throws SALVAGE_FAILED when nothing came out, TARGET_NOT_EMPTY when the result's place is taken.
 */
export async function salvage(tools: Salvager, file: string, options: SalvageOptions, ctx: RunContext): Promise<SalvageReport> {
  const target = options.into ?? `${file}.salvaged`
  await requireFree(target)
  return await tools.withDirectory(ctx, async (directory) => {
    ctx.progress.step("copying the file with its log")
    const { copy, logBytes, journalBytes } = await tools.copy(file, directory, ctx)
    ctx.progress.step("replaying its log")
    const before = await settleAndExamine(tools, copy, ctx)
    const method = before.damage.length === 0 ? "whole" : "recovered"
    const result = method === "whole" ? copy : join(directory, "recovered.db")
    if (method === "recovered") {
      ctx.progress.step("reading what can be read")
      await tools.recover(copy, result, ctx)
    }
    const after = await requireSomething(file, method === "whole" ? before : await tools.examine(result, ctx))
    await tools.place(result, target, file, ctx)
    return {
      file,
      salvaged: target,
      method,
      logBytes,
      damage: before.damage,
      tables: compared(after.rows, options.lastGoodRows),
      lostAndFound: after.rows[LOST_AND_FOUND] ?? 0,
      warnings: [...suspicions(file, logBytes, journalBytes), ...losses(after.rows, options.lastGoodRows)],
    }
  })
}

const LOST_AND_FOUND = "lost_and_found"

async function requireFree(target: string): Promise<void> {
  const taken = await lstat(target).then(
    () => true,
    () => false,
  )
  if (taken) throw new HoldfastError("TARGET_NOT_EMPTY", { what: `${target} is there already` })
}

/** A copy that cannot even be settled is damaged; why, is part of the report. */
async function settleAndExamine(tools: Salvager, copy: string, ctx: RunContext): Promise<Examination> {
  try {
    await tools.settle(copy, ctx)
    return await tools.examine(copy, ctx)
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || ctx.signal.aborted) throw thrown
    return { damage: [thrown.why ?? messageOf(thrown)], rows: {} }
  }
}

async function requireSomething(file: string, result: Examination): Promise<Examination> {
  if (result.damage.length > 0) {
    throw new HoldfastError("SALVAGE_FAILED", { what: `what was read from ${file} is damaged itself`, why: result.damage.join("\n") })
  }
  if (Object.values(result.rows).every((rows) => rows === 0)) {
    throw new HoldfastError("SALVAGE_FAILED", { what: `no row could be read from ${file}` })
  }
  return result
}

function compared(rows: Readonly<Record<string, number>>, lastGood: SalvageOptions["lastGoodRows"]): readonly SalvagedTable[] {
  const names = new Set([...Object.keys(rows), ...Object.keys(lastGood ?? {})])
  names.delete(LOST_AND_FOUND)
  return [...names].toSorted().map((table) => ({ table, rows: rows[table] ?? 0, lastGood: lastGood?.[table] ?? null }))
}

function losses(rows: Readonly<Record<string, number>>, lastGood: SalvageOptions["lastGoodRows"]): readonly string[] {
  return Object.entries(lastGood ?? {}).flatMap(([table, before]) => {
    const now = rows[table] ?? 0
    return now < before ? [`${table}: ${counted(now, "row")} saved, the last good point has ${before}`] : []
  })
}

/** `superchat.db.backup-v9-20260419-120000`, as a program leaves it before it migrates. */
const MIGRATION_BACKUP = /\.backup-v(\d+)-\d{8}-\d{6}$/

function suspicions(file: string, logBytes: number, journalBytes: number): readonly string[] {
  if (!MIGRATION_BACKUP.test(basename(file)) || logBytes + journalBytes > 0) return []
  return [
    `${basename(file)} was made by copying the database without its log: rows that were only in the log are missing, although every check says ok`,
  ]
}
