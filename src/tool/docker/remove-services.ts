import type { RunContext } from "../../base/run-context.ts"
import type { Client } from "./client.ts"
import { listServices } from "./service-containers.ts"

/** Removes containers of these services, then these networks; volumes stay. What is not there is fine, so repeating it is harmless. */
export async function removeServices(
  client: Client,
  projectName: string,
  services: readonly string[],
  networks: readonly string[],
  ctx: RunContext,
): Promise<void> {
  const present = await listServices(client, projectName, ctx)
  for (const { service, containerId } of present.filter((each) => services.includes(each.service))) {
    const what = `cannot remove the container of ${service}`
    await client.find(what, ctx, async (api): Promise<unknown> => await api.getContainer(containerId).remove({ force: true, v: true }))
  }
  for (const name of networks) {
    await client.find(`cannot remove the network ${name}`, ctx, async (api): Promise<unknown> => await api.getNetwork(name).remove())
  }
}
