import { readFile, realpath } from "node:fs/promises"
import { join } from "node:path"
import type { ComposeProject } from "../app/app.ts"
import { planPins, type PinPlan } from "../app/compose/pin-images.ts"
import type { InstallableRelease } from "../release/installable.ts"

/** Which bytes of the project's files a release changes, as they are now. Throws what `planPins` throws. */
export async function pinsOf(compose: ComposeProject, release: Pick<InstallableRelease, "images">): Promise<PinPlan> {
  return planPins(compose, await projectTexts(compose), release.images)
}

/** The compose files and, where there is one, `.env`, by path. */
export async function projectTexts(compose: ComposeProject): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>()
  for (const path of compose.files) texts.set(path, await readFile(path, "utf8"))
  const envPath = join(compose.projectDirectory, ".env")
  const env = await readFile(envPath, "utf8").catch(ignoreMissing)
  if (env !== null) texts.set(envPath, env)
  return texts
}

function ignoreMissing(thrown: unknown): null {
  if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return null
  throw thrown
}

/** The file itself: replacing a link by a file would cut it off from what it leads to. */
export async function realFile(path: string): Promise<string> {
  return await realpath(path)
}
