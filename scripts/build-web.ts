/** `npm run build:web`: builds the panel into web/dist, and does nothing when what is there was built from the same sources. */
import { createHash } from "node:crypto"
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")
const built = join(root, "web/dist")
const stamp = join(built, "built-from")

if (import.meta.main) {
  const fresh = await buildWebIfStale()
  console.log(fresh ? "panel: built into web/dist" : "panel: web/dist is current")
}

/** Whether it had to be built. Throws what the bundler throws. */
export async function buildWebIfStale(): Promise<boolean> {
  const digest = digestOfSources()
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return false
  // Loaded only when it is needed: most runs find a current panel.
  const { build } = await import("vite")
  await build({ configFile: join(root, "web/vite.config.ts"), logLevel: "warn" })
  writeFileSync(stamp, digest)
  return true
}

/** Over everything that ends up in the bundle: the panel, the contract and what it stands on, and the versions of packages. */
function digestOfSources(): string {
  const hash = createHash("sha256")
  for (const file of ["package-lock.json", "web/index.html", "web/vite.config.ts", "src/base/units.ts", ...sources()]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0")
  }
  return hash.digest("hex")
}

function sources(): string[] {
  return ["web/src", "web/public", "src/contract"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .toSorted(),
  )
}
