import { messageOf } from "../../src/base/errors.ts"
import { start, stop } from "../../test/fixture/docker/dockerd.ts"
import { missing } from "../../test/fixture/needs.ts"

/** One engine for the whole run, so that suites do not start and stop it in turn. Says why when there is none. */
export async function tryStartDocker(): Promise<{ stop: () => Promise<void> }> {
  const none = { stop: () => Promise.resolve() }
  if (missing("docker").length > 0) return none
  try {
    const { host, privateDaemon } = await start()
    console.log(`test: Docker engine at ${host}${privateDaemon ? " (started for the tests)" : ""}`)
    return { stop }
  } catch (thrown) {
    console.error(`test: no Docker engine: ${messageOf(thrown)}`)
    return none
  }
}
