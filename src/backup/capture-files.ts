import type { App, FileSource } from "../app/app.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import { databasesInside } from "../app/tree/databases-inside.ts"
import { OWN_ENTRIES } from "../app/tree/swap.ts"
import { surveyTree, type TreeSurvey } from "../app/tree/survey.ts"
import type { FilesPart } from "../recovery-point/manifest.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { StoredItem } from "../vault/ports.ts"

const NAMED_AT_MOST = 5

/** Captures one file tree, straight from where it lies. `source.place` is already a host path. */
export async function captureFiles(
  vault: OpenVault,
  app: App,
  point: string,
  source: FileSource,
  options: { parent: Promise<StoredItem | null> | StoredItem | null; strict: boolean },
  ctx: RunContext,
): Promise<{ part: FilesPart; warnings: readonly string[] }> {
  const part = `files:${source.name}`
  const startedMs = ctx.clock.monotonicMs()
  const exclude = [...new Set([...source.exclude, ...OWN_ENTRIES, ...(await databasesInside(app, source.place.path))])]
  const before = await surveyTree(source.place.path, { exclude }, ctx)
  refuseUnreadable(part, before)
  refuseUnmounted(source, before)
  const stored = await vault.backend.storeTree(
    vault.location,
    { app: app.name, point, part },
    { root: source.place.path, exclude, parent: await options.parent },
    ctx,
  )
  const changed = differences(before, await surveyTree(source.place.path, { exclude, askReadable: false }, ctx))
  if (options.strict && changed !== null)
    throw new HoldfastError("SOURCE_CHANGED", { what: `${part} changed while it was read`, why: changed })
  return {
    warnings: [...survivingWarnings(part, before), ...(changed === null ? [] : [`${part}: changed while it was read (${changed})`])],
    part: {
      kind: "files",
      name: source.name,
      part,
      treeId: stored.treeId,
      sizeBytes: stored.sizeBytes,
      storedBytes: stored.storedBytes,
      files: stored.files,
      durationMs: Math.round(ctx.clock.monotonicMs() - startedMs),
      root: { uid: before.root.uid, gid: before.root.gid, mode: before.root.mode },
      source: source.place.path,
      exclude,
      skipped: [...before.skipped],
      special: [...before.special],
    },
  }
}

function refuseUnreadable(part: string, survey: TreeSurvey): void {
  if (survey.unreadable.length === 0) return
  const named = survey.unreadable.slice(0, NAMED_AT_MOST).join(", ")
  throw new HoldfastError("SOURCE_UNREADABLE", {
    what: `${part}: ${counted(survey.unreadable.length, "entry", "entries")} cannot be read: ${named}`,
  })
}

/** A disk that should be there and is not leaves an empty directory: the classic silent empty backup (F81). */
function refuseUnmounted(source: FileSource, survey: TreeSurvey): void {
  if (!source.mustBeMounted || survey.mount.isMountPoint) return
  throw new HoldfastError("SOURCE_NOT_MOUNTED", { what: `files:${source.name}: nothing is mounted at ${source.place.path}` })
}

function survivingWarnings(part: string, survey: TreeSurvey): readonly string[] {
  if (survey.skipped.length === 0) return []
  return [
    `${part}: ${survey.skipped.length} sockets, pipes or devices were not stored: ${survey.skipped.slice(0, NAMED_AT_MOST).join(", ")}`,
  ]
}

function differences(before: TreeSurvey, after: TreeSurvey): string | null {
  const words: string[] = []
  if (after.files !== before.files) words.push(`${counted(before.files, "file")} before, ${after.files} after`)
  if (after.sizeBytes !== before.sizeBytes) words.push(`${before.sizeBytes} bytes before, ${after.sizeBytes} after`)
  return words.length === 0 ? null : words.join(", ")
}
