import { randomBytes } from "node:crypto"
import { chmod, lstat, readdir, rm, writeFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { z } from "zod"
import type { ComposeProject } from "../../app/app.ts"
import { assertPinned } from "../../app/compose/pinned.ts"
import type { PinPlan } from "../../app/compose/pin-images.ts"
import type { ComposeModel, ContainerEngine } from "../../app/ports.ts"
import { canonicalJson } from "../../base/canonical-json.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { InstallableRelease } from "../../release/installable.ts"

/**
 * Has compose itself resolve the project with the edited texts, from copies beside the files that go away again: the images of the release
 * are what they should be, and nothing else is different. Throws PIN_REFUSED, COMPOSE_INVALID.
 */
export async function requireOnlyPins(
  containers: ContainerEngine,
  compose: ComposeProject,
  pins: PinPlan,
  release: Pick<InstallableRelease, "images">,
  ctx: RunContext,
): Promise<void> {
  // Two may look at once, outside of any operation.
  const look = randomBytes(4).toString("hex")
  const copies = new Map(pins.edits.map(({ path }) => [path, join(dirname(path), `${copyPrefix(path, ctx.operationId)}${look}`)]))
  try {
    for (const { path, after } of pins.edits) await writeCopy(path, copies.get(path) ?? path, after)
    const envFiles = pins.edits.flatMap(({ path }) => (compose.files.includes(path) ? [] : [copies.get(path) ?? path]))
    const files = compose.files.map((path) => copies.get(path) ?? path)
    const edited = { ...compose, files, ...(envFiles.length === 0 ? {} : { envFiles }) }
    const [before, after] = [await containers.compose(compose, ctx), await containers.compose(edited, ctx)]
    assertPinned(after, release.images, pins.tags)
    requireOnlyImages(before, after, Object.keys(release.images))
  } finally {
    for (const copy of copies.values()) await rm(copy, { force: true })
  }
}

function copyPrefix(path: string, operationId: string): string {
  return `.${basename(path)}.holdfast-plan-${operationId}-`
}

/** What a look that was cut off left behind. */
export async function removeCopies(compose: ComposeProject, operationId: string): Promise<void> {
  for (const path of [...compose.files, join(compose.projectDirectory, ".env")]) {
    const prefix = copyPrefix(path, operationId)
    const left = (await namesIn(dirname(path))).filter((name) => name.startsWith(prefix))
    for (const name of left) await rm(join(dirname(path), name), { force: true })
  }
}

/** A project whose directory is gone has nothing left in it. */
async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return []
    throw thrown
  }
}

/** As closed as the original: `.env` holds secrets as often as not. */
async function writeCopy(path: string, copy: string, text: string): Promise<void> {
  const { mode } = await lstat(path)
  await writeFile(copy, text, { mode: 0o600 })
  await chmod(copy, mode & 0o700)
}

const servicesSchema = z.looseObject({ services: z.record(z.string(), z.record(z.string(), z.json())).default({}) })

/**
 * Throws PIN_REFUSED where two resolved projects differ in more than the images of these services, and their own environment and labels:
 * the variable of `.env` that holds their tag often tells them their version as well.
 */
export function requireOnlyImages(
  before: Pick<ComposeModel, "document">,
  after: Pick<ComposeModel, "document">,
  services: readonly string[],
): void {
  if (withoutImages(before, services) === withoutImages(after, services)) return
  throw new HoldfastError("PIN_REFUSED", {
    what: "the edited compose files would change more than the images of the release",
    why: "compose resolves them to a configuration that differs in something else",
  })
}

function withoutImages({ document }: Pick<ComposeModel, "document">, services: readonly string[]): string {
  const { services: all, ...others } = servicesSchema.parse(document)
  // What compose passes over (`x-app: &app { image: … }`) counts only where a service takes it in.
  const rest = Object.fromEntries(Object.entries(others).filter(([name]) => !name.startsWith("x-")))
  const bare = Object.entries(all).map(
    ([name, service]) => [name, services.includes(name) ? { ...service, image: null, environment: null, labels: null } : service] as const,
  )
  return canonicalJson(z.json().parse({ ...rest, services: Object.fromEntries(bare) }))
}
