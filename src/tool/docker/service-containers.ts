import { z } from "zod"
import type { ServiceState } from "../../app/ports.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { containerSchema, serviceState, type ContainerFacts } from "./container.ts"

const idsSchema = z.array(z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()).nullish() }))
const imageSchema = z.object({ RepoDigests: z.array(z.string()).nullish() })

/** The project's service containers, running or not, sorted by service and name. Containers of `compose run` do not belong to it. */
export async function listServices(client: Client, projectName: string, ctx: RunContext): Promise<readonly ServiceState[]> {
  const filters = { label: [`com.docker.compose.project=${projectName}`, "com.docker.compose.service"] }
  const listed: unknown = await client.call(
    "cannot list containers",
    ctx,
    async (api): Promise<unknown> => await api.listContainers({ all: true, filters }),
  )
  const states: ServiceState[] = []
  for (const { Id, Labels } of idsSchema.parse(listed)) {
    if (Labels?.["com.docker.compose.oneoff"]?.toLowerCase() === "true") continue
    const facts = await inspectContainer(client, Id, ctx)
    if (facts !== null) states.push(serviceState(facts, await repositoryDigests(client, facts.Image, ctx)))
  }
  return states.toSorted((a, b) => compare(a.service, b.service) || compare(a.containerName, b.containerName))
}

/** By compose's own label: `docker compose -p NAME` leaves no other trace of the name. */
export async function projectsIn(client: Client, projectDirectory: string, ctx: RunContext): Promise<readonly string[]> {
  const filters = { label: [`com.docker.compose.project.working_dir=${projectDirectory}`, "com.docker.compose.project"] }
  const listed: unknown = await client.call(
    "cannot list containers",
    ctx,
    async (api): Promise<unknown> => await api.listContainers({ all: true, filters }),
  )
  const names = idsSchema.parse(listed).flatMap(({ Labels }) => Labels?.["com.docker.compose.project"] ?? [])
  return [...new Set(names)].toSorted()
}

/** Null when there is no such container (any more). */
export async function inspectContainer(client: Client, id: string, ctx: RunContext): Promise<ContainerFacts | null> {
  const shown: unknown = await client.find(
    `cannot inspect container ${id}`,
    ctx,
    async (api): Promise<unknown> => await api.getContainer(id).inspect(),
  )
  return shown === null ? null : containerSchema.parse(shown)
}

async function repositoryDigests(client: Client, imageId: string, ctx: RunContext): Promise<readonly string[]> {
  const shown: unknown = await client.find(
    `cannot inspect image ${imageId}`,
    ctx,
    async (api): Promise<unknown> => await api.getImage(imageId).inspect(),
  )
  return shown === null ? [] : (imageSchema.parse(shown).RepoDigests ?? [])
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
