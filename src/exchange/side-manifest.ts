import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { readFile, stat } from "node:fs/promises"
import { z } from "zod"
import { HoldfastError } from "../base/errors.ts"

/** The fields of the manifests that other tools write beside a dump, as far as they can be checked. */
const sideManifestSchema = z.looseObject({
  sha256: z.string().optional(),
  sizeBytes: z.number().optional(),
  size_bytes: z.number().optional(),
  weavestreamVersion: z.string().optional(),
  version: z.string().optional(),
  label: z.string().nullish(),
})

export interface SideManifest {
  readonly path: string
  readonly version: string | null
  readonly label: string | null
}

/**
 * Reads the manifest beside a dump (`X.manifest.json` for `X.dump`, `X.json` for `X.gz`) and holds the file to what it says.
 * Null when there is none. Throws DUMP_DAMAGED when size or SHA-256 differ.
 */
export async function checkSideManifest(path: string): Promise<SideManifest | null> {
  const found = await findSideManifest(path)
  if (found === null) return null
  const { sha256, sizeBytes, size_bytes: sizeBytesToo } = found.data
  await refuseOtherSize(path, sizeBytes ?? sizeBytesToo ?? null)
  if (sha256 !== undefined) await refuseOtherDigest(path, sha256.replace(/^sha256:/, ""))
  return described(found)
}

/** What the manifest beside a dump says, without holding the file to it; for listings. */
export async function readSideManifest(path: string): Promise<SideManifest | null> {
  const found = await findSideManifest(path)
  return found === null ? null : described(found)
}

interface FoundManifest {
  readonly path: string
  readonly data: z.infer<typeof sideManifestSchema>
}

async function findSideManifest(path: string): Promise<FoundManifest | null> {
  const found = await firstReadable(candidates(path))
  if (found === null) return null
  const parsed = sideManifestSchema.safeParse(parseJson(found.text))
  return parsed.success ? { path: found.path, data: parsed.data } : null
}

function described({ path, data }: FoundManifest): SideManifest {
  return { path, version: data.weavestreamVersion ?? data.version ?? null, label: data.label ?? null }
}

function candidates(path: string): readonly string[] {
  const stem = path.replace(/(?:\.(?:dump|sql|db|sqlite))?(?:\.gz)?$/, "")
  return [`${stem}.manifest.json`, `${stem}.json`, `${path}.json`, `${path}.manifest.json`]
}

async function firstReadable(paths: readonly string[]): Promise<{ path: string; text: string } | null> {
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch(() => null)
    if (text !== null) return { path, text }
  }
  return null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A neighbour that is not JSON is not a manifest.
    return null
  }
}

async function refuseOtherSize(path: string, expectedBytes: number | null): Promise<void> {
  const { size } = await stat(path)
  if (expectedBytes === null || size === expectedBytes) return
  throw new HoldfastError("DUMP_DAMAGED", { what: `${path} has ${size} bytes, its manifest says ${expectedBytes}` })
}

async function refuseOtherDigest(path: string, expected: string): Promise<void> {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(path)) hash.update(z.instanceof(Uint8Array).parse(chunk))
  const actual = hash.digest("hex")
  if (actual === expected) return
  throw new HoldfastError("DUMP_DAMAGED", {
    what: `${path} is not the file its manifest describes`,
    why: `SHA-256 ${actual}, ${expected} expected`,
  })
}
