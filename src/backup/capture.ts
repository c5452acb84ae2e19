import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { planStandstill, resume, standStill, standstillToJson } from "../app/standstill.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { uncancelled, type Journal } from "../operation/journal.ts"
import { owed } from "../operation/owed.ts"
import type { ManifestPart } from "../recovery-point/manifest.ts"
import { findPart, listPoints, newPointId, readHeadAhead, sealPoint, type SealedPoint } from "../recovery-point/recovery-point.ts"
import type { StoredItem } from "../vault/ports.ts"
import { appVersion } from "./app-version.ts"
import { refuseBlankSecrets } from "./blank-secrets.ts"
import { captureDatabase } from "./capture-database.ts"
import { captureFiles } from "./capture-files.ts"
import { captureImage, imagesToSave } from "./capture-image.ts"
import { capturePaths } from "./capture-paths.ts"
import { refuseCollapse } from "./collapse.ts"
import { draftManifest } from "./draft.ts"
import { lastHolding, lastOrdinary } from "./earlier.ts"
import type { Capture, CaptureRequest } from "./capture-request.ts"
import { runAfterHooks, runBeforeHooks } from "./hooks.ts"
import { wanted } from "./options.ts"
import type { BackupTools } from "./ports.ts"
import { reportedVersion } from "./reported-version.ts"
import type { CaptureSteps } from "./steps.ts"
import { rewrittenWarning } from "./rewritten.ts"
import { together } from "./together.ts"
import { unnamedBeside } from "./unnamed-beside.ts"

/**
 * Captures and seals one recovery point (design §5): hooks, databases, then files, secrets, configuration, images, then the manifest last.
 * Whatever happens, an app that was stopped is started again and the after-hooks are run. The caller holds the app's lease.
 */
export async function capturePoint(
  tools: BackupTools,
  request: CaptureRequest,
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
): Promise<SealedPoint> {
  const capture = await beginCapture(tools, request, ctx)
  const ahead = capture.items.then(async (items) => await readHeadAhead(request.vault, tools.store, request.app.name, items, ctx))
  const unnamed = unnamedBeside(tools, capture, ctx)
  // All are also waited for at the end: no child of ours outlives the capture.
  const beside = Promise.allSettled([capture.items, ahead, unnamed])
  try {
    await mkdir(capture.scratch, { recursive: true, mode: 0o700 })
    const capturing = request.options.cold ? captureCold : captureParts
    const parts = await withHooks(tools, capture, journal, ctx, async () => await capturing(tools, capture, journal, ctx))
    if (parts.length === 0) throw new HoldfastError("PART_UNKNOWN", { what: `there is nothing to capture of ${capture.app.name}` })
    capture.unnamed.push(...(await unnamed))
    const draft = await draftManifest(tools, capture, parts, ctx)
    return await journal.step(
      "seal",
      { point: capture.id },
      async () => await sealPoint(request.vault, tools.store, draft, ctx, await ahead),
      (point) => ({ point: point.manifest.id, digest: point.digest }),
    )
  } finally {
    await beside
    await rm(capture.scratch, { recursive: true, force: true })
  }
}

export async function beginCapture(tools: BackupTools, request: CaptureRequest, ctx: RunContext): Promise<Capture> {
  const { app, vault } = request
  const states = app.compose === null ? [] : await tools.containers.services(app.compose.projectName, ctx)
  const points = await listPoints(vault, tools.store, app.name, ctx)
  const startedAt = ctx.clock.now()
  const version = appVersion(app, states, await reportedVersion(tools, app, states, ctx))
  if (!request.options.acceptBlank && wanted(request.options.only, "secrets")) await refuseBlankSecrets(app)
  return {
    ...request,
    startedAt,
    startedMs: ctx.clock.monotonicMs(),
    version,
    states,
    id: newPointId(startedAt, version, new Set(points.map((point) => point.manifest.id))),
    earlier: points,
    scratch: join(tools.scratchDirectory, ctx.operationId),
    items: vault.backend.list(vault.location, { app: app.name }, ctx),
    warnings: [],
    unnamed: [],
  }
}

async function withHooks<T>(
  tools: BackupTools,
  capture: Capture,
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
  body: () => Promise<T>,
): Promise<T> {
  const { hooks } = capture.app
  try {
    if (hooks.before.length > 0) await journal.step("hooks-before", {}, async () => await runBeforeHooks(tools, hooks.before, ctx))
    return await body()
  } finally {
    if (hooks.after.length > 0) {
      const failures = await journal.always("hooks-after", {}, async () => await runAfterHooks(tools, hooks.after, uncancelled(ctx)))
      capture.warnings.push(...failures.map((failure) => failure.message))
    }
  }
}

async function whileStopped<T>(
  tools: BackupTools,
  capture: Capture,
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
  body: () => Promise<T>,
): Promise<T> {
  const { app } = capture
  const standstill = await planStandstill(tools, app, ctx)
  const details = { standstill: standstillToJson(standstill) }
  try {
    capture.warnings.push(...(await journal.step("stop-app", details, async () => await standStill(tools, app, standstill, ctx))))
    return await body()
  } finally {
    await owed(`starting ${app.name} again`, async () => {
      await journal.always("start-app", details, async () => await resume(tools, app, standstill, uncancelled(ctx)))
    })
  }
}

/** Databases first; then everything else. */
async function captureParts(
  tools: BackupTools,
  capture: Capture,
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
): Promise<readonly ManifestPart[]> {
  const databases = await captureDatabases(tools, capture, journal, ctx)
  return [...databases, ...(await captureOthers(tools, capture, journal, ctx))]
}

/** What takes longest is the same whether the app runs or not, and is done before it stops: images. */
async function captureCold(
  tools: BackupTools,
  capture: Capture,
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
): Promise<readonly ManifestPart[]> {
  const images = await captureImages(tools, capture, journal, ctx)
  const data = await whileStopped(tools, capture, journal, ctx, async () => {
    const databases = await captureDatabases(tools, capture, journal, ctx)
    return [...databases, ...(await together(captureData(capture, journal), ctx)).flat()]
  })
  return [...data, ...images]
}

/** Beside each other, for each has its own call of the engine. */
export async function captureOthers(
  tools: BackupTools,
  capture: Capture,
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
): Promise<readonly ManifestPart[]> {
  const images: Capturing = async (own) => await captureImages(tools, capture, journal, own)
  return (await together([...captureData(capture, journal), images], ctx)).flat()
}

type Capturing = (ctx: RunContext) => Promise<readonly ManifestPart[]>

function captureData(capture: Capture, journal: Journal<CaptureSteps>): readonly Capturing[] {
  return [
    async (own) => await captureTrees(capture, journal, own),
    async (own) => await captureKind(capture, "secrets", journal, own),
    async (own) => await captureKind(capture, "configuration", journal, own),
  ]
}

/** A part that shrank against the last good point is refused as soon as it is there; one that looks encrypted is told. */
function checked<Part extends ManifestPart>(capture: Capture, part: Part): Part {
  const last = lastOrdinary(capture.earlier, part.part)
  if (!capture.options.acceptCollapse) refuseCollapse(capture.app, part, last)
  const rewritten = rewrittenWarning(part, last)
  if (rewritten !== null) capture.warnings.push(rewritten)
  return part
}

async function captureDatabases(
  tools: BackupTools,
  capture: Capture,
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
): Promise<readonly ManifestPart[]> {
  const parts: ManifestPart[] = []
  for (const source of capture.app.databases) {
    if (!wanted(capture.options.only, `database:${source.name}`)) continue
    const { part, warnings } = await journal.step(
      "capture-database",
      { database: source.name },
      async () => await captureDatabase(tools, capture.vault, capture.app, capture.id, source, ctx),
    )
    capture.warnings.push(...warnings)
    parts.push(checked(capture, part))
  }
  return parts
}

export async function captureTrees(capture: Capture, journal: Journal<CaptureSteps>, ctx: RunContext): Promise<readonly ManifestPart[]> {
  const { app, vault, options } = capture
  const parts: ManifestPart[] = []
  for (const source of app.files) {
    const name = `files:${source.name}`
    if (!wanted(options.only, name)) continue
    const parent = parentOf(capture, name)
    const { part, warnings } = await journal.step(
      "capture-files",
      { files: source.name },
      async () => await captureFiles(vault, app, capture.id, source, { parent, strict: options.strict }, ctx),
    )
    capture.warnings.push(...warnings)
    parts.push(checked(capture, part))
  }
  return parts
}

/** The last point's item of the same part; without one every file is read. */
async function parentOf(capture: Capture, name: string): Promise<StoredItem | null> {
  const last = lastHolding(capture.earlier, name)?.manifest
  const part = last?.parts.find((candidate) => candidate.part === name)
  if (last === undefined || part === undefined) return null
  return findPart(await capture.items.catch(() => []), last.id, part)
}

async function captureKind(
  capture: Capture,
  kind: "secrets" | "configuration",
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
): Promise<readonly ManifestPart[]> {
  const { app, vault, options, id, scratch } = capture
  if (app[kind].length === 0 || !wanted(options.only, kind)) return []
  const capturing = async () => await capturePaths(vault, app, id, kind, app[kind], scratch, ctx)
  return [checked(capture, await journal.step("capture-paths", { kind }, capturing))]
}

async function captureImages(
  tools: BackupTools,
  capture: Capture,
  journal: Journal<CaptureSteps>,
  ctx: RunContext,
): Promise<readonly ManifestPart[]> {
  const parts: ManifestPart[] = []
  const states = wanted(capture.options.only, "images") ? imagesToSave(capture.app, capture.states) : []
  for (const state of states) {
    const seen = { items: await capture.items, last: capture.earlier.at(-1)?.manifest ?? null }
    const capturing = async () => await captureImage(tools, capture.vault, capture.app, state, seen, ctx)
    parts.push(checked(capture, await journal.step("capture-image", { imageId: state.imageId }, capturing)))
  }
  return parts
}
