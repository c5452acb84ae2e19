import { z } from "zod"
import type { RunContext } from "../base/run-context.ts"
import type { ManifestPart } from "../recovery-point/manifest.ts"
import type { ManifestDraft } from "../recovery-point/recovery-point.ts"
import { activeKeyIds, fingerprintKeys } from "../app/key-proof.ts"
import { liveKeySources } from "../app/key-texts.ts"
import { appToJson } from "../app/portable.ts"
import { warningOf } from "../app/unnamed.ts"
import type { Capture } from "./capture-request.ts"
import { serviceRecords } from "./capture-image.ts"
import { wanted } from "./options.ts"
import type { BackupTools } from "./ports.ts"

/** Everything of the manifest but its place in the chain. */
export async function draftManifest(
  tools: BackupTools,
  capture: Omit<Capture, "items">,
  parts: readonly ManifestPart[],
  ctx: RunContext,
): Promise<ManifestDraft> {
  const { app, options, unnamed } = capture
  const keys = liveKeySources(
    app,
    app.files.map((source) => source.place.path),
  )
  const finishedAt = ctx.clock.now()
  return {
    format: "holdfast.recovery-point",
    version: 1,
    id: capture.id,
    app: app.name,
    label: options.label,
    trigger: options.trigger,
    cold: options.cold,
    startedAt: capture.startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationMs: Math.round(ctx.clock.monotonicMs() - capture.startedMs),
    host: tools.host.self("").host,
    operationId: ctx.operationId,
    appVersion: capture.version,
    holdfastVersion: tools.holdfastVersion,
    tools: { restic: await capture.vault.backend.toolVersion(ctx) },
    services: serviceRecords(capture.states),
    parts: [...parts],
    leftOut: partsOf(app).filter((part) => !wanted(options.only, part)),
    keyFingerprints: { ...fingerprintKeys(app, keys) },
    activeKeyIds: { ...activeKeyIds(app, keys) },
    compose: app.compose === null ? null : composeRecord(app.compose),
    settings: { app: z.json().parse(appToJson(capture.declared)) },
    warnings: [...capture.warnings, ...unnamed.map(warningOf)],
    ...(unnamed.length > 0 ? { unnamed: unnamed.map(({ name, what }) => ({ name, what })) } : {}),
    // A safety point takes whatever is there; nobody has said that it is as it should be.
    ...(options.acceptCollapse && options.trigger !== "safety" ? { acceptedCollapse: true as const } : {}),
  }
}

function composeRecord(compose: NonNullable<Capture["app"]["compose"]>): NonNullable<ManifestDraft["compose"]> {
  return {
    projectName: compose.projectName,
    projectDirectory: compose.projectDirectory,
    files: [...compose.files],
    profiles: [...compose.profiles],
  }
}

function partsOf(app: Capture["app"]): readonly string[] {
  return [
    ...app.databases.map((source) => `database:${source.name}`),
    ...app.files.map((source) => `files:${source.name}`),
    ...(app.secrets.length > 0 ? ["secrets"] : []),
    ...(app.configuration.length > 0 ? ["configuration"] : []),
  ]
}
