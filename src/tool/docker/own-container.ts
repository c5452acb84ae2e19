/** The container that this process runs in, and another one like it that outlives it. */
import { readFileSync } from "node:fs"
import { z } from "zod"
import type { OwnContainer } from "../../app/ports.ts"
import type { RunContext } from "../../base/run-context.ts"
import { isHoldfastError } from "../../base/errors.ts"
import type { Client } from "./client.ts"
import type { ContainerFacts } from "./container.ts"
import { statusOf } from "./engine-error.ts"
import { inspectContainer } from "./service-containers.ts"

/** The engine mounts these files into every container, from a directory that has the container's id for a name. */
const MOUNTED_FROM = /\/containers\/([0-9a-f]{64})\/(?:hostname|hosts|resolv\.conf) /
const FORBIDDEN = 403
const MOUNTS_FILE = "/proc/self/mountinfo"

/** Of its configuration all is handed on that says what its program sees. */
const likeness = z.object({
  Image: z.string(),
  Config: z.object({
    Env: z.array(z.string()).nullish(),
    User: z.string().nullish(),
    WorkingDir: z.string().nullish(),
    Hostname: z.string().nullish(),
    Entrypoint: z.array(z.string()).nullish(),
  }),
  HostConfig: z.record(z.string(), z.json()),
})

/** Null outside of containers, in one that this engine does not know, and in one that a proxy before the engine hides: an app's own it is not. */
export async function ownContainer(client: Client, ctx: RunContext, mountsFile = MOUNTS_FILE): Promise<OwnContainer | null> {
  const facts = await ownFacts(client, ctx, mountsFile)
  if (facts === null) return null
  const labels = facts.Config.Labels ?? {}
  const isOneOff = labels["com.docker.compose.oneoff"]?.toLowerCase() === "true"
  return { id: facts.Id, projectName: isOneOff ? null : (labels["com.docker.compose.project"] ?? null), labels }
}

/**
 * Whether what is at this path of the engine's host is at the same path in the container that we run in, as the engine mounted it; null where
 * `ownContainer` is.
 */
export async function isSeenHere(client: Client, hostPath: string, ctx: RunContext, mountsFile = MOUNTS_FILE): Promise<boolean | null> {
  const facts = await ownFacts(client, ctx, mountsFile)
  return facts === null ? null : isMountedAtItself(facts.Mounts ?? [], hostPath)
}

type Mount = Pick<NonNullable<ContainerFacts["Mounts"]>[number], "Source" | "Destination">

/** The innermost mount decides: below a folder that is mounted at its own path there may be another one. */
export function isMountedAtItself(mounts: readonly Mount[], path: string): boolean {
  const around = mounts.filter(({ Destination }) => path === Destination || path.startsWith(`${Destination.replace(/\/$/, "")}/`))
  const [innermost] = around.toSorted((left, right) => right.Destination.length - left.Destination.length)
  return innermost !== undefined && innermost.Source === innermost.Destination
}

async function ownFacts(client: Client, ctx: RunContext, mountsFile: string): Promise<ContainerFacts | null> {
  const id = ownId(readFileSync(mountsFile, "utf8"))
  return id === null ? null : await shownToUs(client, id, ctx)
}

async function shownToUs(client: Client, id: string, ctx: RunContext): Promise<ContainerFacts | null> {
  try {
    return await inspectContainer(client, id, ctx)
  } catch (thrown) {
    if (isHoldfastError(thrown, "TOOL_FAILED") && statusOf(thrown.cause) === FORBIDDEN) return null
    throw thrown
  }
}

export function ownId(mounts: string): string | null {
  return MOUNTED_FROM.exec(mounts)?.[1] ?? null
}

/**
 * Of no compose project, so that nothing that is done to the project ends it; the engine starts it again, also when it was killed or the
 * engine itself was started anew, until somebody removes it. Throws CONTAINER_FAILED.
 */
export async function startBeside(
  client: Client,
  own: OwnContainer,
  request: { readonly name: string; readonly argv: readonly string[] },
  ctx: RunContext,
): Promise<void> {
  const what = `cannot start the container ${request.name} beside this one`
  const shown: unknown = await client.call(what, ctx, async (api): Promise<unknown> => await api.getContainer(own.id).inspect())
  const { Image, Config, HostConfig } = likeness.parse(shown)
  await client.call(what, ctx, async (api) => {
    const made = await api.createContainer({
      name: request.name,
      Image,
      Cmd: [...request.argv],
      Env: Config.Env ?? [],
      User: Config.User ?? "",
      WorkingDir: Config.WorkingDir ?? "",
      Hostname: Config.Hostname ?? "",
      ...(Config.Entrypoint ? { Entrypoint: Config.Entrypoint } : {}),
      Healthcheck: { Test: ["NONE"] },
      Labels: { "holdfast.beside": own.id },
      HostConfig: { ...HostConfig, PortBindings: {}, AutoRemove: false, RestartPolicy: { Name: "unless-stopped" } },
    })
    await made.start()
  })
}
