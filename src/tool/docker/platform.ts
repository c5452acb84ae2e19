import { z } from "zod"
import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"

const infoSchema = z.object({ OSType: z.string(), Architecture: z.string() })

/** Machines as the kernel calls them → as registries do. */
const MACHINES: Readonly<Record<string, readonly [architecture: string, variant: string | null]>> = {
  x86_64: ["amd64", null],
  i386: ["386", null],
  i686: ["386", null],
  aarch64: ["arm64", "v8"],
  armv8l: ["arm", "v8"],
  armv7l: ["arm", "v7"],
  armv6l: ["arm", "v6"],
}

export interface EnginePlatform {
  readonly os: string
  readonly architecture: string
  readonly variant: string | null
}

/** The engine's, which may be another machine than this one. */
export async function enginePlatform(client: Client, ctx: RunContext): Promise<EnginePlatform> {
  const shown: unknown = await client.call("cannot ask the engine for its platform", ctx, async (api): Promise<unknown> => await api.info())
  const { OSType, Architecture } = infoSchema.parse(shown)
  const [architecture, variant] = MACHINES[Architecture] ?? [Architecture, null]
  return { os: OSType, architecture, variant }
}
