/** `npm run build [-- FOLDER]`: bundles the program into dist/, where the launcher prefers it as long as no source is newer; half of a short command's time is finding files. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import { rolldown } from "rolldown"

const root = resolve(import.meta.dirname, "..")

/** The child that reads SQLite files is a program of its own (src/tool/engine/sqlite/run-job.ts). */
const product = { main: "src/main.ts", "sqlite-child": "src/tool/engine/sqlite/child.ts" }

/** The program with a store that kills it, for kill tests (test/crash/entry.ts). */
const killable = { "killable-main": "test/crash/killable-main.ts", "sqlite-child": product["sqlite-child"] }

/** Compiled parts that packages try to load and do without. */
const external = /\.node$/

if (import.meta.main) {
  const folder = resolve(root, process.argv[2] ?? "dist")
  console.log(`program: built into ${folder}, ${await buildInto(folder, product)} files`)
}

/** What a test run starts again and again: the program, and the one that can be killed. Nothing is built that is current. */
export async function buildIfStale(): Promise<void> {
  if (isStale("dist", "main.js")) await buildInto(join(root, "dist"), product)
  if (isStale("dist-killable", "killable-main.js")) await buildInto(join(root, "dist-killable"), killable)
}

function isStale(folder: string, file: string): boolean {
  const built = join(root, folder, file)
  if (!existsSync(built)) return true
  const sources = ["src", "test/crash"].flatMap((name) =>
    readdirSync(join(root, name), { recursive: true, encoding: "utf8" }).map((path) => join(root, name, path)),
  )
  const builtMs = statSync(built).mtimeMs
  return [...sources, join(root, "package-lock.json")].some((path) => statSync(path).mtimeMs > builtMs)
}

/** Beside it first, then by rename: who starts the program meanwhile finds the one or the other. Resolves with the number of files. */
async function buildInto(folder: string, input: Readonly<Record<string, string>>): Promise<number> {
  const beside = mkdtempSync(`${folder}-`)
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(Object.entries(input).map(([name, path]) => [name, join(root, path)])),
    platform: "node",
    external,
    logLevel: "warn",
  })
  const { output } = await bundle.write({
    dir: beside,
    format: "esm",
    // All in one folder: what looks for its neighbours by its own address finds them.
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    // The client of the Docker engine names a folder of its own when it is loaded, for a session that we never open.
    banner: (chunk) => (chunk.moduleIds.some((id) => id.includes("/dockerode/")) ? "const __dirname = import.meta.dirname;" : ""),
  })
  await bundle.close()
  // A folder for one's own eyes, so far.
  chmodSync(beside, 0o755)
  rmSync(folder, { recursive: true, force: true })
  renameSync(beside, folder)
  return output.length
}
