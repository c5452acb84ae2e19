/**
 * A point that is captured in two halves: everything but the databases while the app runs, the databases later, from copies of them. Its
 * id is known from the beginning, and there is no point until it is sealed.
 */
import { mkdir, rm } from "node:fs/promises"
import type { DatabaseSource } from "../app/app.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Journal } from "../operation/journal.ts"
import type { DatabasePart, FilesPart, ManifestPart } from "../recovery-point/manifest.ts"
import { sealPoint, type SealedPoint } from "../recovery-point/recovery-point.ts"
import { captureDatabase } from "./capture-database.ts"
import { beginCapture, captureOthers, captureTrees } from "./capture.ts"
import type { Capture, CaptureRequest } from "./capture-request.ts"
import { draftManifest } from "./draft.ts"
import type { BackupTools } from "./ports.ts"
import type { CaptureSteps } from "./steps.ts"

export interface CapturedHalf {
  readonly capture: Capture
  /** Files, secrets, configuration, images. */
  readonly parts: readonly ManifestPart[]
}

/** Nothing is stored yet. */
export async function beginInParts(tools: BackupTools, request: CaptureRequest, ctx: RunContext): Promise<Capture> {
  const capture = await beginCapture(tools, request, ctx)
  // Whoever needs the list waits for it; that it fails meanwhile is nobody's surprise.
  void capture.items.catch(() => undefined)
  return capture
}

/** Everything but the databases. Nothing of the app is stopped. Throws what a capture throws. */
export async function captureBesides(
  tools: BackupTools,
  capture: Capture,
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
): Promise<CapturedHalf> {
  try {
    await mkdir(capture.scratch, { recursive: true, mode: 0o700 })
    return { capture, parts: await captureOthers(tools, capture, journal, ctx) }
  } finally {
    await Promise.allSettled([capture.items])
    await rm(capture.scratch, { recursive: true, force: true })
  }
}

/** These trees once more, as they lie there now, in the place of what the half has of them. */
export async function recaptureTrees(
  half: CapturedHalf,
  names: readonly string[],
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
): Promise<CapturedHalf> {
  const { capture, parts } = half
  const only = names.map((name) => `files:${name}`)
  const again = await captureTrees({ ...capture, options: { ...capture.options, only } }, journal, ctx)
  const fresh = new Map(again.map((part) => [part.part, part]))
  return { capture, parts: parts.map((part) => fresh.get(part.part) ?? part) }
}

/** The trees of the half. */
export function treesIn(half: CapturedHalf): readonly FilesPart[] {
  return half.parts.filter((part) => part.kind === "files")
}

/**
 * Captures the databases from copies of them and seals the point.
 * @param copies name of a database → where its copy is; the manifest says where the database itself is
 */
export async function sealWithCopies(
  tools: BackupTools,
  half: CapturedHalf,
  copies: ReadonlyMap<string, DatabaseSource>,
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
): Promise<SealedPoint> {
  const { capture } = half
  const databases: DatabasePart[] = []
  for (const source of capture.app.databases) {
    const copy = copies.get(source.name) ?? source
    const capturing = async () => await captureDatabase(tools, capture.vault, capture.app, capture.id, copy, ctx, source)
    const { part, warnings } = await journal.step("capture-database", { database: source.name, copy: true }, capturing)
    capture.warnings.push(...warnings)
    databases.push(part)
  }
  const draft = await draftManifest(tools, capture, [...databases, ...half.parts], ctx)
  return await journal.step(
    "seal",
    { point: capture.id },
    async () => await sealPoint(capture.vault, tools.store, draft, ctx),
    (point) => ({ point: point.manifest.id, digest: point.digest }),
  )
}
