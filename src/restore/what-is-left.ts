import { lstat } from "node:fs/promises"
import type { App } from "../app/app.ts"
import type { RunContext } from "../base/run-context.ts"
import type { RestoreTools } from "./ports.ts"
import { databaseSource, type Replacement } from "./replacement.ts"

export interface WhatIsLeft {
  /** The app with only those secrets and configuration paths that are there. */
  readonly app: App
  /** Parts that can be captured. */
  readonly parts: readonly string[]
  /** Parts and paths of which nothing is left. */
  readonly gone: readonly string[]
}

/** What of the live state is still there: a safety point takes that and no more, because capturing refuses what is missing. */
export async function whatIsLeft(
  tools: RestoreTools,
  app: App,
  parts: readonly string[],
  replacements: readonly Replacement[],
  ctx: RunContext,
): Promise<WhatIsLeft> {
  const [secrets, configuration] = await Promise.all([present(app.secrets), present(app.configuration)])
  const lost = [...app.secrets, ...app.configuration].filter((path) => !secrets.includes(path) && !configuration.includes(path))
  const gone: string[] = []
  for (const part of parts) {
    const own = replacements.filter((replacement) => replacement.part === part)
    if (part !== "secrets" && part !== "configuration" && !(await anyLive(tools, app, own, ctx))) gone.push(part)
  }
  const empty = [...gone, ...(secrets.length === 0 ? ["secrets"] : []), ...(configuration.length === 0 ? ["configuration"] : [])]
  const named = lost.filter((path) => replacements.some((one) => livePath(one) === path))
  return { app: { ...app, secrets, configuration }, parts: parts.filter((part) => !empty.includes(part)), gone: [...gone, ...named] }
}

async function present(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map(async (path) => await isThere(path)))
  return paths.filter((_, index) => found[index] === true)
}

async function anyLive(tools: RestoreTools, app: App, replacements: readonly Replacement[], ctx: RunContext): Promise<boolean> {
  for (const replacement of replacements) {
    const path = livePath(replacement)
    if (path !== null ? await isThere(path) : await hasDatabase(tools, app, replacement, "live", ctx)) return true
  }
  return false
}

function livePath(replacement: Replacement): string | null {
  if (replacement.kind === "tree") return replacement.swap.root
  return replacement.kind === "file" ? replacement.swap.live : null
}

/** Whether a replacement is a database that has this state; anything else has not. */
export async function hasDatabase(
  tools: RestoreTools,
  app: App,
  replacement: Replacement,
  which: "live" | "kept",
  ctx: RunContext,
): Promise<boolean> {
  if (replacement.kind !== "database") return false
  const source = databaseSource(app, replacement.source)
  return (await tools.databases.for(source).observe(source, replacement.names, ctx))[which]
}

/** Whether there is anything at a path; a link that leads nowhere counts. */
export async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}
