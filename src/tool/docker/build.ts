import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { ComposeProject } from "../../app/app.ts"
import type { BuildRequest } from "../../app/ports.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { projectArgs } from "./compose.ts"
import { cliError } from "./engine-error.ts"

const NO_SPACE = /no space left on device/i
/** A Dockerfile that was wrong says so at the end; what came before is pages of progress. */
const LAST_LINES = 15

/** The images of these services as the project's files say, each by the name that is given for it; what runs is not touched. */
export async function buildImages(client: Client, project: ComposeProject, request: BuildRequest, ctx: RunContext): Promise<void> {
  const { images, labels, timeoutMs } = request
  const directory = await mkdtemp(join(client.scratchDirectory, "build-"))
  try {
    const named = join(directory, "images.json")
    const services = Object.fromEntries(Object.entries(images).map(([service, image]) => [service, { image, build: { labels } }]))
    await writeFile(named, JSON.stringify({ services }), { mode: 0o600 })
    const files = { ...project, files: [...project.files, named] }
    const args = [...projectArgs(files), "--profile", "*", "build", "--", ...Object.keys(images)]
    const ended = await client.compose(args, ctx, { cwd: project.projectDirectory, timeoutMs })
    if (ended.exitCode === 0) return
    const words = ended.stderrTail.trimEnd().split("\n").slice(-LAST_LINES).join("\n")
    const what = `the images of ${Object.keys(images).join(", ")} could not be built`
    if (NO_SPACE.test(words)) throw new HoldfastError("SPACE_MISSING", { what, why: words })
    throw cliError("UPDATE_BUILD_FAILED", what, words)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
