/** `npm run build:web`: builds the panel into web/dist, and does nothing when what is there was built from the same sources. */
import { createHash } from "node:crypto"
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs"
import { extname, join, resolve } from "node:path"
import { promisify } from "node:util"
import { brotliCompress, constants, gzip } from "node:zlib"

const root = resolve(import.meta.dirname, "..")
const built = join(root, "web/dist")
const stamp = join(built, "built-from")
/** What is compressed. Before the call below, which uses it. */
const WORTH_IT = { kinds: new Set([".js", ".css", ".svg"]), atLeastBytes: 1024 }

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
  const called = process.env["NODE_ENV"]
  // A test run is called something else, and the bundler would believe it: its React is half as large again and slower.
  process.env["NODE_ENV"] = "production"
  await build({ configFile: join(root, "web/vite.config.ts"), logLevel: "warn" }).finally(() => {
    if (called === undefined) delete process.env["NODE_ENV"]
    else process.env["NODE_ENV"] = called
  })
  await compressBuilt()
  writeFileSync(stamp, digest)
  return true
}

/** Once here, as small as it gets, instead of for each visit. Not the page itself, which gets a nonce each time. */
async function compressBuilt(): Promise<void> {
  const files = readdirSync(built, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => WORTH_IT.kinds.has(extname(path)))
  await Promise.all(
    paths.map(async (path) => {
      const plain = readFileSync(path)
      if (plain.byteLength < WORTH_IT.atLeastBytes) return
      const small = await promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
      writeFileSync(`${path}.br`, small)
      writeFileSync(`${path}.gz`, await promisify(gzip)(plain, { level: 9 }))
    }),
  )
}

/** Over everything that ends up in the bundle: the panel, the contract and what it stands on, and the versions of packages. */
function digestOfSources(): string {
  const hash = createHash("sha256")
  for (const file of [
    "package-lock.json",
    "scripts/build-web.ts",
    "web/index.html",
    "web/vite.config.ts",
    "src/base/units.ts",
    ...sources(),
  ]) {
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
