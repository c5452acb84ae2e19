import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { counted } from "../base/units.ts"
import type { Store } from "../operation/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { SealedPoint } from "./sealed-point.ts"
import { listPoints, MANIFEST_PART, syncPoints } from "./sync.ts"

/** Shorter beginnings of an id are more likely a slip than a choice. */
const SHORTEST_PREFIX = 4

/**
 * The point that a person means: `latest` (the newest with data, but for safety points), an id, the unique beginning of one, or a label.
 * Throws POINT_UNKNOWN, POINT_OF_ANOTHER_APP, or POINT_UNSEALED for a run that never finished.
 */
export async function findPoint(vault: OpenVault, store: Store, app: string, selector: string, ctx: RunContext): Promise<SealedPoint> {
  const known = choose(await listPoints(vault, store, app, ctx), selector)
  if (known !== null) return known
  const fresh = choose(await syncPoints(vault, store, app, ctx), selector)
  if (fresh !== null) return fresh
  throw await explainMiss(vault, app, selector, ctx)
}

/**
 * As `findPoint`, for what needs the whole app (proof, an empty host): `latest` is the newest point that holds all of it, where there is one.
 */
export async function findWhole(vault: OpenVault, store: Store, app: string, selector: string, ctx: RunContext): Promise<SealedPoint> {
  if (selector !== "latest") return await findPoint(vault, store, app, selector, ctx)
  const known = newest(await listPoints(vault, store, app, ctx), isWhole)
  if (known !== null) return known
  const fresh = newest(await syncPoints(vault, store, app, ctx), isWhole)
  return fresh ?? (await findPoint(vault, store, app, selector, ctx))
}

function choose(points: readonly SealedPoint[], selector: string): SealedPoint | null {
  if (selector === "latest") return newest(points, holdsData) ?? points.at(-1) ?? null
  const exact = points.find((point) => point.manifest.id === selector)
  if (exact !== undefined) return exact
  const labelled = points.filter((point) => point.manifest.label === selector)
  const prefixed = selector.length < SHORTEST_PREFIX ? [] : points.filter((point) => point.manifest.id.startsWith(selector))
  const [one, ...others] = labelled.length > 0 ? labelled : prefixed
  if (others.length === 0) return one ?? null
  const ids = [one, ...others].flatMap((point) => (point === undefined ? [] : [point.manifest.id]))
  throw new HoldfastError("POINT_UNKNOWN", {
    what: `"${selector}" means ${counted(ids.length, "point")}`,
    why: ids.slice(-10).join(", "),
    hint: "Give the whole id of the one you mean.",
  })
}

/**
 * A safety point holds what a restore, a rollback or an update put away: nobody who names no point wants that back while there is another.
 * After a rollback it would be the data of the newer version, under the older program.
 */
function newest(points: readonly SealedPoint[], fits: (point: SealedPoint) => boolean): SealedPoint | null {
  const fitting = points.filter(fits)
  return fitting.findLast(({ manifest }) => manifest.trigger !== "safety") ?? fitting.at(-1) ?? null
}

/** The newest versions of secrets and configuration alone are not what a person means by the latest state of the app. */
function holdsData({ manifest }: Pick<SealedPoint, "manifest">): boolean {
  return isWhole({ manifest }) || manifest.parts.some((part) => part.kind === "database" || part.kind === "files")
}

function isWhole({ manifest }: Pick<SealedPoint, "manifest">): boolean {
  return manifest.leftOut.length === 0
}

async function explainMiss(vault: OpenVault, app: string, selector: string, ctx: RunContext): Promise<HoldfastError> {
  const name = vault.location.name
  if (selector === "latest") return new HoldfastError("POINT_UNKNOWN", { what: `vault ${name} holds no point of ${app}` })
  const items = (await vault.backend.list(vault.location, {}, ctx)).filter((item) => item.tags.point === selector)
  if (items.some((item) => item.tags.app === app && item.tags.part === MANIFEST_PART)) {
    return new HoldfastError("MANIFEST_INVALID", { what: `the manifest of ${selector} in vault ${name} cannot be read` })
  }
  if (items.some((item) => item.tags.app === app)) {
    return new HoldfastError("POINT_UNSEALED", { what: `point ${selector} in vault ${name} was never sealed` })
  }
  const [other] = items
  if (other !== undefined)
    return new HoldfastError("POINT_OF_ANOTHER_APP", { what: `point ${selector} belongs to ${other.tags.app}, not to ${app}` })
  return new HoldfastError("POINT_UNKNOWN", { what: `vault ${name} holds no point "${selector}" of ${app}` })
}
