import type { LocalTag } from "../app/compose/pinned.ts"
import type { ManagedUpdates } from "../app/managed-updates.ts"
import { sha256, type Json } from "../base/canonical-json.ts"
import type { InstallableRelease, ReleaseImage } from "../release/installable.ts"
import type { Check } from "./checks.ts"
import type { FileEdit } from "./edit-compose.ts"
import type { SecretChange } from "./secret-files.ts"
import type { StartingPoint } from "./starting-point.ts"

/** `vendor`: the vendor's own updater pair; `holdfast`: our image in its place; `pins`: no updater beside the app, only pinned images. */
export type Target = "vendor" | "holdfast" | "pins"

/** What one adoption does, computed before anything changes. */
export interface AdoptPlan {
  readonly app: string
  readonly vault: string
  readonly target: Target
  readonly startingPoint: StartingPoint | null
  /** What the recipe knows of the updater, with the channel that was asked for; null for `pins`. */
  readonly managed: ManagedUpdates | null
  readonly running: string | null
  readonly release: InstallableRelease
  readonly checks: readonly Check[]
  readonly secrets: readonly SecretChange[]
  /** The vendor's key as it was fetched and compared; written where the file is missing or empty. */
  readonly vendorKey: Uint8Array | null
  readonly edits: readonly FileEdit[]
  /** Path of the settings file, which may be among the edits. */
  readonly settingsFile: string | null
  /** Service → image of all that is pinned. */
  readonly wanted: Readonly<Record<string, ReleaseImage>>
  /** References that are pulled before anything changes. */
  readonly pulls: readonly string[]
  readonly tags: readonly LocalTag[]
  /** Started first, beside the app as it runs; empty for `pins`. */
  readonly beside: readonly string[]
  /** Made anew on their new images. */
  readonly anew: readonly string[]
  readonly warnings: readonly string[]
}

/** For the journal, which whoever may look at the panel reads: without any line of the files, for some hold secrets. */
export function adoptPlanToJson(plan: AdoptPlan): { readonly [key: string]: Json } {
  const { app, vault, target, startingPoint, running, release } = plan
  return {
    app,
    vault,
    target,
    startingPoint,
    running,
    version: release.version,
    foundIn: release.foundIn,
    checks: plan.checks.map((check) => ({ ...check })),
    secrets: plan.secrets.map(({ name, path, act }) => ({ name, path, act })),
    edits: plan.edits.map(({ path, before, after }) => ({ path, before: sha256(before), after: sha256(after) })),
    images: Object.fromEntries(Object.entries(plan.wanted).map(([service, image]) => [service, { ...image }])),
    beside: [...plan.beside],
    anew: [...plan.anew],
    warnings: [...plan.warnings],
  }
}
