import { z } from "zod"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { removeContainer } from "./throwaway.ts"

const containersSchema = z.array(z.object({ Id: z.string(), Names: z.array(z.string()) }))
const networksSchema = z.array(z.object({ Id: z.string(), Name: z.string() }))
const volumesSchema = z.object({ Volumes: z.array(z.object({ Name: z.string() })).nullish() })

/**
 * Removes every container, network and volume with this label and says what it was. Everything is tried; throws CONTAINER_FAILED
 * with what would not go.
 */
export async function removeLabelled(client: Client, label: string, ctx: RunContext): Promise<readonly string[]> {
  const removed: string[] = []
  const failures: string[] = []
  // In this order: a network or volume in use cannot be removed.
  for (const list of [containers, networks, volumes]) {
    for (const found of await list(client, label, ctx)) {
      try {
        await found.remove()
        removed.push(found.name)
      } catch (thrown) {
        ctx.signal.throwIfAborted()
        failures.push(`${found.name}: ${thrown instanceof HoldfastError ? (thrown.why ?? thrown.message) : messageOf(thrown)}`)
      }
    }
  }
  if (failures.length > 0)
    throw new HoldfastError("CONTAINER_FAILED", { what: "something could not be removed from the engine", why: failures.join("\n") })
  return removed
}

const labelledSchema = z.array(z.object({ Names: z.array(z.string()), Labels: z.record(z.string(), z.string()) }))

/** Every container that carries this label, with its value. */
export async function listLabelled(
  client: Client,
  label: string,
  ctx: RunContext,
): Promise<readonly { operationId: string; name: string }[]> {
  const filters = { label: [label] }
  const listed: unknown = await client.call(
    "cannot list containers",
    ctx,
    async (api): Promise<unknown> => await api.listContainers({ all: true, filters }),
  )
  return labelledSchema
    .parse(listed)
    .map(({ Names, Labels }) => ({ operationId: Labels[label] ?? "", name: (Names[0] ?? "").replace(/^\//, "") }))
}

interface Found {
  readonly name: string
  remove(): Promise<unknown>
}

async function containers(client: Client, label: string, ctx: RunContext): Promise<Found[]> {
  const filters = { label: [label] }
  const listed: unknown = await client.call(
    "cannot list containers",
    ctx,
    async (api): Promise<unknown> => await api.listContainers({ all: true, filters }),
  )
  return containersSchema.parse(listed).map(({ Id, Names }) => ({
    name: `container ${(Names[0] ?? Id).replace(/^\//, "")}`,
    remove: async () => await removeContainer(client, Id, ctx),
  }))
}

async function networks(client: Client, label: string, ctx: RunContext): Promise<Found[]> {
  const filters = { label: [label] }
  const listed: unknown = await client.call(
    "cannot list networks",
    ctx,
    async (api): Promise<unknown> => await api.listNetworks({ filters }),
  )
  return networksSchema.parse(listed).map(({ Id, Name }) => ({
    name: `network ${Name}`,
    remove: async () =>
      await client.find(`cannot remove network ${Name}`, ctx, async (api): Promise<unknown> => await api.getNetwork(Id).remove()),
  }))
}

async function volumes(client: Client, label: string, ctx: RunContext): Promise<Found[]> {
  const filters = { label: [label] }
  const listed: unknown = await client.call("cannot list volumes", ctx, async (api): Promise<unknown> => await api.listVolumes({ filters }))
  return (volumesSchema.parse(listed).Volumes ?? []).map(({ Name }) => ({
    name: `volume ${Name}`,
    remove: async () =>
      await client.find(`cannot remove volume ${Name}`, ctx, async (api): Promise<unknown> => await api.getVolume(Name).remove()),
  }))
}
