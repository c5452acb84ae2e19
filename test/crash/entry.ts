/** The real program with a store that kills it at a chosen write. Started by the harness only: from its bundle, which starts in half the time, as long as no source is newer. */
import { existsSync, readdirSync, statSync } from "node:fs"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "../..")
const bundle = join(root, "dist-killable/killable-main.js")

await import(isCurrent() ? bundle : "./killable-main.ts")

function isCurrent(): boolean {
  if (!existsSync(bundle)) return false
  const builtMs = statSync(bundle).mtimeMs
  return [join(root, "src"), import.meta.dirname].every((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).every((path) => statSync(join(folder, path)).mtimeMs <= builtMs),
  )
}
