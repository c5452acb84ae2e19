import type { App } from "../app/app.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { proveKeys } from "./keys.ts"
import { checkReferences, judgeReferences } from "./references.ts"
import { databaseSource, type Replacement } from "./replacement.ts"
import type { RestoreTools } from "./ports.ts"

/**
 * Looks at what was staged as the app will see it after the swap: rows and files fit together, and the keys that will be live open the
 * data that will be live. Nothing live has changed yet. Throws KEY_MISMATCH, REFERENCES_BROKEN; returns warnings.
 */
export async function checkStaged(
  tools: RestoreTools,
  app: App,
  replacements: readonly Replacement[],
  recorded: Readonly<Record<string, string>>,
  ctx: RunContext,
): Promise<readonly string[]> {
  const warnings: string[] = []
  for (const database of app.databases) {
    const staged = replacements.find((one) => one.kind === "database" && one.source === database.name)
    const place = {
      source: databaseSource(app, database.name),
      database: staged?.kind === "database" ? staged.names.staged : null,
      trees: treesAfter(app, replacements),
      paths: pathsAfter(app, replacements),
    }
    warnings.push(...judgeReferences(app, await checkReferences(tools.databases, app, place, ctx)))
    refuseWrongKeys(app, await proveKeys(tools.databases, app, place, recorded, ctx))
  }
  return warnings
}

function treesAfter(app: App, replacements: readonly Replacement[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    app.files.map((source) => {
      const staged = replacements.find((one) => one.kind === "tree" && one.part === `files:${source.name}`)
      return [source.name, staged?.kind === "tree" ? staged.swap.staged : source.place.path]
    }),
  )
}

/** Secret and configuration paths as they will be: the staged one where it is replaced, else the live one. */
function pathsAfter(app: App, replacements: readonly Replacement[]): Readonly<Record<string, string>> {
  const staged = replacements.flatMap((one) => {
    if (one.kind === "file") return [[one.swap.live, one.swap.staged] as const]
    return one.kind === "tree" && one.stored !== null ? [[one.swap.root, one.swap.staged] as const] : []
  })
  const live = [...app.secrets, ...app.configuration].map((path) => [path, path] as const)
  return Object.fromEntries([...live, ...staged])
}

function refuseWrongKeys(app: App, keys: Awaited<ReturnType<typeof proveKeys>>): void {
  const failed = keys.filter((key) => key.status === "failed")
  if (failed.length === 0) return
  throw new HoldfastError("KEY_MISMATCH", {
    what: `the keys of ${app.name} would not open its data`,
    why: failed.map((key) => `${key.name}: ${key.why}`).join("; "),
  })
}
