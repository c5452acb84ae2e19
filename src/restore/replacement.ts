import { z } from "zod"
import type { App, DatabaseSource } from "../app/app.ts"
import type { ReplacementNames } from "../app/ports.ts"
import { databasesInside } from "../app/tree/databases-inside.ts"
import { dropKeptTree, planTreeSwap, swapTreeBack, swapTreeIn, treeSwapSchema, type TreeSwap } from "../app/tree/swap.ts"
import type { Json } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { ManifestPart } from "../recovery-point/manifest.ts"
import { letImageGo, nameImage, planImageSwap, type ImageSwap } from "./images.ts"
import { dropFile, planFileSwap, swapFileBack, swapFileIn, type FileSwap } from "./file-swap.ts"
import type { RestoreTools } from "./ports.ts"

/** One thing that a restore replaces: everything needed to swap it in, back, or drop what is left, also after a crash. */
export type Replacement =
  | { readonly kind: "database"; readonly part: string; readonly source: string; readonly names: ReplacementNames }
  | { readonly kind: "tree"; readonly part: string; readonly stored: string | null; readonly swap: TreeSwap }
  | { readonly kind: "file"; readonly part: string; readonly stored: string; readonly swap: FileSwap }
  | { readonly kind: "image"; readonly part: string; readonly swap: ImageSwap }

const namesSchema = z.object({ live: z.string(), staged: z.string(), kept: z.string(), failed: z.string() })

const replacementsSchema = z.array(
  z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("database"), part: z.string(), source: z.string(), names: namesSchema }),
    z.object({ kind: z.literal("tree"), part: z.string(), stored: z.string().nullable(), swap: treeSwapSchema }),
    z.object({
      kind: z.literal("file"),
      part: z.string(),
      stored: z.string(),
      swap: namesSchema.extend({ existed: z.boolean(), removes: z.boolean() }),
    }),
    z.object({
      kind: z.literal("image"),
      part: z.string(),
      // Kept states of earlier versions have no name for their images.
      swap: z.object({ reference: z.string(), from: z.string().nullable(), to: z.string(), keptAs: z.string().nullable().default(null) }),
    }),
  ]),
)

/** As journaled and as kept for `undo`. */
export function replacementsToJson(replacements: readonly Replacement[]): Json {
  return replacements.map((replacement) => {
    if (replacement.kind === "database") return { ...replacement, names: { ...replacement.names } }
    if (replacement.kind === "file") return { ...replacement, swap: { ...replacement.swap } }
    if (replacement.kind === "image") return { ...replacement, swap: { ...replacement.swap } }
    return { ...replacement, swap: { ...replacement.swap } }
  })
}

/** Reads them back; throws when the journal holds something else (a bug). */
export function replacementsFromJson(json: Json | undefined): readonly Replacement[] {
  return replacementsSchema.parse(json)
}

/** Names everything that restoring this part replaces. Nothing is changed. */
export async function planReplacements(
  tools: RestoreTools,
  app: App,
  part: ManifestPart,
  ctx: RunContext,
): Promise<readonly Replacement[]> {
  const { operationId } = ctx
  if (part.kind === "database") {
    const source = databaseSource(app, part.name)
    return [{ kind: "database", part: part.part, source: part.name, names: tools.databases.for(source).planNames(source, operationId) }]
  }
  if (part.kind === "files") {
    const path = filesPath(app, part.name)
    const leaveAlone = [...part.exclude, ...(await databasesInside(app, path))]
    return [{ kind: "tree", part: part.part, stored: null, swap: await planTreeSwap(path, operationId, leaveAlone) }]
  }
  if (part.kind === "image") return [{ kind: "image", part: part.part, swap: await planImageSwap(tools, app, part, ctx) }]
  return await Promise.all(
    part.paths.map(async ({ path, stored, directory }): Promise<Replacement> => {
      if (directory) return { kind: "tree", part: part.part, stored, swap: await planTreeSwap(path, operationId) }
      return { kind: "file", part: part.part, stored, swap: await planFileSwap(path, operationId) }
    }),
  )
}

/** Names of the databases that are replaced. */
export function replacedDatabases(replacements: readonly Replacement[]): readonly string[] {
  return replacements.flatMap((replacement) => (replacement.kind === "database" ? [replacement.source] : []))
}

export function databaseSource(app: App, name: string): DatabaseSource {
  const source = app.databases.find((candidate) => candidate.name === name)
  if (source !== undefined) return source
  throw new HoldfastError("PART_UNKNOWN", { what: `${app.name} has no database called ${name} in its settings` })
}

function filesPath(app: App, name: string): string {
  const source = app.files.find((candidate) => candidate.name === name)
  if (source !== undefined) return source.place.path
  throw new HoldfastError("PART_UNKNOWN", { what: `${app.name} has no file tree called ${name} in its settings` })
}

/** Live becomes kept, staged becomes live. Repeating it is harmless. */
export async function swapIn(tools: RestoreTools, app: App, replacement: Replacement, ctx: RunContext): Promise<void> {
  if (replacement.kind === "tree") return await swapTreeIn(replacement.swap, ctx)
  if (replacement.kind === "file") return await swapFileIn(replacement.swap)
  if (replacement.kind === "image") return await nameImage(tools, replacement.swap, "to", ctx)
  const source = databaseSource(app, replacement.source)
  await tools.databases.for(source).swapIn(source, replacement.names, ctx)
}

/** Live becomes failed, kept becomes live; what was only staged stays staged. Repeating it is harmless. */
export async function swapBack(tools: RestoreTools, app: App, replacement: Replacement, ctx: RunContext): Promise<void> {
  if (replacement.kind === "tree") return await swapTreeBack(replacement.swap, ctx)
  if (replacement.kind === "file") return await swapFileBack(replacement.swap)
  if (replacement.kind === "image") return await nameImage(tools, replacement.swap, "from", ctx)
  const source = databaseSource(app, replacement.source)
  const engine = tools.databases.for(source)
  const now = await engine.observe(source, replacement.names, ctx)
  if (now.kept) await engine.swapBack(source, replacement.names, ctx)
}

/** Removes what is not live any more: `staged` and `failed` after undoing, `kept` when the undo window has closed. */
export async function drop(
  tools: RestoreTools,
  app: App,
  replacement: Replacement,
  what: "staged" | "kept" | "failed",
  ctx: RunContext,
): Promise<void> {
  if (replacement.kind === "tree") return await dropKeptTree(replacement.swap, what, ctx)
  if (replacement.kind === "file") return await dropFile(replacement.swap[what])
  if (replacement.kind === "image") return await letImageGo(tools, replacement.swap, ctx)
  const source = databaseSource(app, replacement.source)
  await tools.databases.for(source).drop(source, replacement.names[what], ctx)
}
