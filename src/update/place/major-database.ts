import type { App, PostgresSource } from "../../app/app.ts"
import { HoldfastError, isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { parseVersion } from "../../release/version.ts"
import type { InstallableRelease, ReleaseImage } from "../../release/installable.ts"
import type { UpdateTools } from "../ports.ts"
import { BUILT_FROM, pinnedReference } from "./pull-images.ts"

/**
 * A server of another major version refuses the old one's data directory at best. Looks at each database service that the release moves.
 * Returns the services whose major version cannot be told before their image is here. Throws UPDATE_MAJOR_DATABASE.
 */
export async function refuseOtherMajor(
  tools: UpdateTools,
  app: App,
  release: InstallableRelease,
  ctx: RunContext,
): Promise<readonly string[]> {
  const unknown: string[] = []
  for (const source of app.databases) {
    if (source.engine !== "postgres" || source.service === null) continue
    const image = release.images[source.service]
    if (image === undefined) continue
    const next = await majorOf(tools, image, ctx)
    if (next === null) unknown.push(source.service)
    else await refuseDifference(tools, source, release, next, ctx)
  }
  return unknown
}

async function refuseDifference(
  tools: UpdateTools,
  source: PostgresSource,
  release: InstallableRelease,
  next: number,
  ctx: RunContext,
): Promise<void> {
  const { engineVersion } = await tools.databases.for(source).inspect(source, ctx)
  const now = Number.parseInt(engineVersion, 10)
  if (now === next) return
  throw new HoldfastError("UPDATE_MAJOR_DATABASE", {
    what: `${release.version} moves ${source.service} from PostgreSQL ${now} to PostgreSQL ${next}`,
    why: "a server cannot read the data directory of another major version",
    details: { service: source.service, from: now, to: next },
  })
}

const LIMIT_MS = 60_000

/** What the program in the image says of itself; before the image is here, what its tag says. Null when neither tells. */
async function majorOf(tools: UpdateTools, image: ReleaseImage, ctx: RunContext): Promise<number | null> {
  const reference = pinnedReference(image)
  const told = (await tools.containers.imagePresent(reference, ctx)) ? await askProgram(tools, reference, ctx) : null
  return told ?? (image.tag === null || image.digest.startsWith(BUILT_FROM) ? null : (parseVersion(image.tag)?.numbers[0] ?? null))
}

async function askProgram(tools: UpdateTools, image: string, ctx: RunContext): Promise<number | null> {
  try {
    const asked = {
      image,
      argv: ["postgres", "--version"] as [string, string],
      network: "none",
      binds: [],
      environment: {},
      timeoutMs: LIMIT_MS,
    }
    const { exitCode, stdout } = await tools.containers.runHelper(asked, ctx)
    const major = exitCode === 0 ? /PostgreSQL\) (\d+)/.exec(stdout)?.[1] : undefined
    return major === undefined ? null : Number(major)
  } catch (thrown) {
    // An image without such a program; its tag is asked instead.
    if (isHoldfastError(thrown, "CONTAINER_FAILED")) return null
    throw thrown
  }
}
