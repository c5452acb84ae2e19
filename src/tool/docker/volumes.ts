import { access, constants, readFile, stat } from "node:fs/promises"
import { hostname } from "node:os"
import { join } from "node:path"
import { z } from "zod"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { isSeenHere } from "./own-container.ts"
import { inspectContainer } from "./service-containers.ts"

const volumeSchema = z.object({ Name: z.string(), Mountpoint: z.string(), Options: z.record(z.string(), z.string()).nullish() })
const engineSchema = z.object({ Name: z.string() })
const usersSchema = z.array(z.object({ Id: z.string() }))

/**
 * Where the volume's data is on the engine's host, and whether that path is here and is the same directory: Holdfast in a container or with a
 * remote engine may have another directory of that name. Null when there is no such volume.
 */
export async function volumePath(
  client: Client,
  realName: string,
  ctx: RunContext,
): Promise<{ hostPath: string; visible: boolean } | null> {
  const shown: unknown = await client.find(
    `cannot inspect volume ${realName}`,
    ctx,
    async (api): Promise<unknown> => await api.getVolume(realName).inspect(),
  )
  if (shown === null) return null
  const volume = volumeSchema.parse(shown)
  const options = volume.Options ?? {}
  const isBind = (options["o"] ?? "").split(",").includes("bind")
  const hostPath = isBind && options["device"] !== undefined ? options["device"] : volume.Mountpoint
  const mountedOnDemand = !isBind && options["device"] !== undefined
  const visible =
    (await isReadable(hostPath)) && (!mountedOnDemand || (await isMountPoint(hostPath))) && (await isSame(client, realName, hostPath, ctx))
  return { hostPath, visible }
}

/** A volume that exists already is left as it is. */
export async function createVolume(
  client: Client,
  realName: string,
  labels: Readonly<Record<string, string>>,
  ctx: RunContext,
): Promise<void> {
  await client.call(
    `cannot create volume ${realName}`,
    ctx,
    async (api): Promise<unknown> => await api.createVolume({ Name: realName, Labels: { ...labels } }),
  )
}

async function isReadable(path: string): Promise<boolean> {
  return await access(path, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** The engine mounts such a volume (NFS, a device) only while a container uses it; otherwise its directory is empty and says nothing. */
async function isMountPoint(path: string): Promise<boolean> {
  const table = await readFile("/proc/self/mountinfo", "utf8")
  return table.split("\n").some((line) => line.split(" ")[4] === path)
}

/**
 * In a container that the engine runs, by what was mounted into it, however the engine is reached: its processes have numbers of their own, and its
 * host's name is not the engine's. Elsewhere by device and inode as a container sees it; when none runs, by the engine living on this very host.
 */
async function isSame(client: Client, realName: string, hostPath: string, ctx: RunContext): Promise<boolean> {
  const seen = await isSeenHere(client, hostPath, ctx)
  if (seen !== null) return seen
  if ((await client.endpoint(ctx)).kind !== "socket") return false
  const inside = await statInsideUser(client, realName, ctx)
  if (inside !== null) {
    const here = await stat(hostPath)
    return here.dev === inside.dev && here.ino === inside.ino
  }
  const info: unknown = await client.call("cannot ask the engine about its host", ctx, async (api): Promise<unknown> => await api.info())
  return engineSchema.parse(info).Name === hostname()
}

async function statInsideUser(client: Client, realName: string, ctx: RunContext): Promise<{ dev: number; ino: number } | null> {
  const filters = { volume: [realName], status: ["running"] }
  const users: unknown = await client.call(
    "cannot list containers",
    ctx,
    async (api): Promise<unknown> => await api.listContainers({ filters }),
  )
  for (const { Id } of usersSchema.parse(users)) {
    const facts = await inspectContainer(client, Id, ctx)
    const target = facts?.Mounts?.find((mount) => mount.Name === realName)?.Destination
    if (facts === null || target === undefined || facts.State.Pid === 0) continue
    const found = await stat(join("/proc", String(facts.State.Pid), "root", target)).catch(() => null)
    if (found !== null) return { dev: found.dev, ino: found.ino }
  }
  return null
}
