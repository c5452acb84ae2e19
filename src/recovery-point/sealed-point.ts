import { sha256 } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import type { PointRecord } from "../operation/ports.ts"
import { manifestSchema, type Manifest } from "./manifest.ts"

const sealed = Symbol("sealed")

/** A point whose manifest is in a vault. Made only by this room: by sealing, by reading a vault, or from the store's index. */
export interface SealedPoint {
  readonly manifest: Manifest
  /** Of the manifest's bytes. */
  readonly digest: string
  /** Name of the vault. */
  readonly vault: string
  readonly [sealed]: true
}

/** A manifest over this size is none of ours. */
const MAX_MANIFEST_CHARACTERS = 64 * 1024 * 1024

/** Throws MANIFEST_INVALID when the text is not a manifest, or not that of this app and point. */
export function pointFromText(text: string, vault: string, expected: { app: string; id: string }): SealedPoint {
  const manifest = parseManifest(text, expected)
  return { manifest, digest: sha256(text), vault, [sealed]: true }
}

/** A point from the store's index; its manifest is parsed when it is first looked at, because a listing holds thousands. */
export function pointFromRecord(record: PointRecord): SealedPoint {
  let manifest: Manifest | undefined
  return {
    get manifest() {
      manifest ??= manifestOfRecord(record)
      return manifest
    },
    digest: record.digest,
    vault: record.vault,
    [sealed]: true,
  }
}

export function recordOf(point: SealedPoint, expiredAt: Date | null = null): PointRecord {
  const { manifest, digest, vault } = point
  // The index is for rebuilding from the vault; kept in each row of the store it would grow with the square of the points.
  return {
    app: manifest.app,
    vault,
    id: manifest.id,
    sequence: manifest.sequence,
    digest,
    startedAt: new Date(manifest.startedAt),
    manifest: { ...manifest, index: [] },
    expiredAt,
  }
}

function parseManifest(text: string, expected: { app: string; id: string }): Manifest {
  const invalid = (why: string): HoldfastError =>
    new HoldfastError("MANIFEST_INVALID", { what: `the manifest of ${expected.id} cannot be trusted`, why })
  if (text.length > MAX_MANIFEST_CHARACTERS) throw invalid(`it has ${text.length} characters`)
  const parsed = manifestSchema.safeParse(jsonOrNull(text))
  if (!parsed.success) throw invalid(firstIssue(parsed.error.issues))
  const { app, id } = parsed.data
  if (app !== expected.app || id !== expected.id) throw invalid(`it is that of ${id} of ${app}`)
  return parsed.data
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function manifestOfRecord(record: PointRecord): Manifest {
  const parsed = manifestSchema.safeParse(record.manifest)
  if (parsed.success) return parsed.data
  throw new HoldfastError("STORE_UNREADABLE", {
    what: `the store's copy of the manifest of ${record.id} cannot be read`,
    why: firstIssue(parsed.error.issues),
  })
}

function firstIssue(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const [issue] = issues
  return issue === undefined ? "unknown" : `${issue.path.map(String).join(".") || "document"}: ${issue.message}`
}
