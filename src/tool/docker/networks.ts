import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"

/** Returns false where there is one of this name, whatever its settings: it is somebody's. */
export async function createNetwork(client: Client, realName: string, ctx: RunContext): Promise<boolean> {
  const asked = `cannot inspect network ${realName}`
  const there = await client.find(asked, ctx, async (api): Promise<unknown> => await api.getNetwork(realName).inspect())
  if (there !== null) return false
  // Engines before 25 make a second one of the same name unless told to look.
  const wanted = { Name: realName, CheckDuplicate: true }
  await client.call(`cannot create network ${realName}`, ctx, async (api): Promise<unknown> => await api.createNetwork(wanted))
  return true
}
