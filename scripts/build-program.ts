/** `npm run build [-- FOLDER]`: bundles the program into dist/, where the launcher prefers it as long as no source is newer; half of a short command's time is finding files. */
import { rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { rolldown } from "rolldown"

const root = resolve(import.meta.dirname, "..")
const dist = resolve(root, process.argv[2] ?? "dist")

/** The child that reads SQLite files is a program of its own (src/tool/engine/sqlite/run-job.ts). */
const input = { main: "src/main.ts", "sqlite-child": "src/tool/engine/sqlite/child.ts" }

/** Compiled parts that packages try to load and do without. */
const external = /\.node$/

rmSync(dist, { recursive: true, force: true })
const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(Object.entries(input).map(([name, path]) => [name, join(root, path)])),
  platform: "node",
  external,
  logLevel: "warn",
})
const { output } = await bundle.write({
  dir: dist,
  format: "esm",
  // All in one folder: what looks for its neighbours by its own address finds them.
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
  // The client of the Docker engine names a folder of its own when it is loaded, for a session that we never open.
  banner: (chunk) => (chunk.moduleIds.some((id) => id.includes("/dockerode/")) ? "const __dirname = import.meta.dirname;" : ""),
})
await bundle.close()
console.log(`program: built into ${dist}, ${output.length} files`)
