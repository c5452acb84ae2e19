import { realpath } from "node:fs/promises"
import type { ComposeProject } from "../../app/app.ts"
import { planPins, type PinPlan } from "../../app/compose/pin-images.ts"
import { readProjectTexts } from "../../app/compose/project-texts.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { InstallableRelease } from "../../release/installable.ts"

/** Which bytes of the project's files a release changes, as they are now. Throws what `planPins` throws. */
export async function pinsOf(compose: ComposeProject, release: Pick<InstallableRelease, "images">): Promise<PinPlan> {
  return planPins(compose, await projectTexts(compose), release.images)
}

/** The compose files and, where there is one, `.env`, by path; refused where they could not be written back byte for byte. */
export async function projectTexts(compose: ComposeProject): Promise<ReadonlyMap<string, string>> {
  return await readProjectTexts(compose)
}

/** Every byte is the one that was planned with. Throws PLAN_STALE naming the file that was edited, removed or made meanwhile. */
export async function requireSameTexts(compose: ComposeProject, planned: ReadonlyMap<string, string>): Promise<void> {
  const now = await projectTexts(compose)
  const edited = [...new Set([...planned.keys(), ...now.keys()])].find((path) => planned.get(path) !== now.get(path))
  if (edited === undefined) return
  throw new HoldfastError("PLAN_STALE", { what: `${edited} was edited meanwhile`, why: "the update was planned for what it said before" })
}

/** The file itself: replacing a link by a file would cut it off from what it leads to. */
export async function realFile(path: string): Promise<string> {
  return await realpath(path)
}
