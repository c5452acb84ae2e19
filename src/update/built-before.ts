/** Directories that updates built from a git repository for a program without containers, and that nothing runs from any more. */
import { basename, dirname, resolve } from "node:path"
import type { App } from "../app/app.ts"
import { surveyTree } from "../app/tree/survey.ts"
import type { RunContext } from "../base/run-context.ts"
import type { KeptRecord } from "../operation/ports.ts"
import { keptStateOf } from "../restore/kept.ts"
import { builtFrom } from "./place/build-directory.ts"
import { installOf, linkedDirectory } from "./place/plain-install.ts"
import type { UpdateTools } from "./ports.ts"
import { keptUpdateFromJson, preparedIn } from "./prepared.ts"

export interface BuiltVersion {
  /** Absolute path. */
  readonly subject: string
  readonly sizeBytes: number
  readonly remove: boolean
  readonly why: string
}

/**
 * Of every update whose journal is there: the version that it went to, unless it runs. What an update can still go back to is named and stays;
 * one that is wanted again is built again. Names of images are forgotten when the next one is built. Throws SOURCE_MISSING where the link is gone.
 */
export async function builtBefore(
  tools: { readonly store: Pick<UpdateTools["store"], "operations" | "kept"> },
  app: App,
  ctx: RunContext,
): Promise<readonly BuiltVersion[]> {
  const install = installOf(app)
  if (install === null || app.updates?.source !== "git") return []
  const at = (text: string): string => resolve(dirname(install.link), text)
  const running = (await linkedDirectory(install)).path
  const updates = (await tools.store.operations({ app: app.name })).filter(({ kind }) => kind === "update")
  const wentTo = new Set(updates.flatMap(({ steps }) => preparedIn(steps)?.link ?? []).map(({ to }) => at(to)))
  const goBack = new Map((await tools.store.kept(app.name)).flatMap(wayBack).map(({ from, until }) => [at(from), until]))
  const found: BuiltVersion[] = []
  for (const path of wentTo) {
    // Nothing but what a build made, where builds are made.
    if (path === running || dirname(path) !== resolve(install.releases) || basename(path).startsWith(".")) continue
    if ((await builtFrom(path)) === null) continue
    const { allocatedBytes } = await surveyTree(path, { exclude: [] }, ctx)
    found.push({ subject: path, sizeBytes: allocatedBytes, ...judge(goBack.get(path)) })
  }
  return found
}

function wayBack(record: KeptRecord): readonly { readonly from: string; readonly until: Date }[] {
  if (record.releasedAt !== null) return []
  const { by, more } = keptStateOf(record)
  const link = by === "update" ? keptUpdateFromJson(more).prepared.link : null
  return link === null ? [] : [{ from: link.from, until: record.keptUntil }]
}

function judge(until: Date | undefined): Pick<BuiltVersion, "remove" | "why"> {
  if (until === undefined) return { remove: true, why: "built for an update; nothing runs from it or goes back to it" }
  return { remove: false, why: `\`update rollback\` goes back to it until ${until.toISOString()}; released after that` }
}
