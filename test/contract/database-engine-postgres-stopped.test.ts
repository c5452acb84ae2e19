/** A database service that does not run: what is said, and that settling does not wait for it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { isHoldfastError, type HoldfastError } from "../../src/base/errors.ts"
import { command } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"
import { startPostgresContainer, testContainers, type PostgresContainer } from "../fixture/postgres/container.ts"
import { engineBench, type EngineBench } from "../fixture/postgres/engine.ts"

useDocker(["holdfast-test/postgres:15"])

describe("a database service that does not run", { timeout: 240_000 }, () => {
  let container: PostgresContainer
  let bench: EngineBench

  beforeAll(async () => {
    container = await startPostgresContainer({ image: "holdfast-test/postgres:15", network: "bridge", password: "canary-stopped-1" })
    bench = await engineBench(testContainers)
    await command(["docker", "stop", "--time", "5", container.id])
  }, 240_000)

  afterAll(async () => {
    await container.stop()
    await bench.close()
  }, 240_000)

  it("is named with its state and with what to do", async () => {
    const refused = await failureOf(bench.engine.sessions(container.source(), bench.context()))

    expect(refused.code).toBe("SERVICE_NOT_RUNNING")
    expect(refused.message).toBe(`service postgres of project ${container.projectName} is not running (exited)`)
    expect(refused.hint).toBe("Start the service, then run the command again.")
  })

  it("has no sessions to end", async () => {
    expect(await bench.engine.endSessions(container.source(), "20260101t000000-abcdef", bench.context())).toBe(0)
  })

  it("that keeps ending is to be looked into, not started again", async () => {
    const broken = "mv /var/lib/postgresql/data/global/pg_control /var/lib/postgresql/data/global/gone"
    await command(["docker", "update", "--restart=always", container.id])
    await command(["docker", "run", "--rm", "--volumes-from", container.id, "--entrypoint", "sh", container.image, "-c", broken])
    await command(["docker", "start", container.id])
    const state = async (): Promise<string> => (await command(["docker", "inspect", "--format", "{{.State.Status}}", container.id])).trim()
    await waitFor(async () => (await state()) === "restarting")

    const refused = await failureWhile(async () => await failureOf(bench.engine.sessions(container.source(), bench.context())))

    expect(refused.hint).toBe(
      "Read why with `docker compose logs postgres`. If its data is broken: move the volume's data aside, start it empty, then restore.",
    )
  })
})

/** Between two tries the container runs, also until a command is to run in it, or has just ended; those moments are not meant. */
async function failureWhile(look: () => Promise<HoldfastError>): Promise<HoldfastError> {
  let seen = await look()
  await waitFor(async () => {
    seen = await look()
    return /^service .* is not running \(restarting\)$/.test(seen.message)
  })
  return seen
}

async function failureOf(work: Promise<unknown>): Promise<HoldfastError> {
  try {
    await work
  } catch (thrown) {
    if (isHoldfastError(thrown)) return thrown
    throw thrown
  }
  throw new Error("it did not fail")
}
