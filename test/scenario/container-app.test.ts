/** A Compose app with PostgreSQL under the care of a Holdfast that is in a container itself, by the project's compose file. */
import { randomBytes } from "node:crypto"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, vi } from "vitest"
import type { z } from "zod"
import { buildIfStale } from "../../scripts/build-program.ts"
import { buildWebIfStale } from "../../scripts/build-web.ts"
import { backupOutput, drillOutput, restoreOutput } from "../../src/contract/output.ts"
import { doctorOutput } from "../../src/contract/output-host.ts"
import { rollbackOutput, updateOutput } from "../../src/contract/output-update.ts"
import { command, tryCommand } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { freePort } from "../fixture/free-port.ts"
import { ownComposeFile } from "../fixture/holdfast-image/compose-file.ts"
import { buildHoldfastImage } from "../fixture/holdfast-image/holdfast-image.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { updateImages } from "../fixture/versioned-app/images.ts"
import { storySteps } from "./story.ts"
import { APP, stateOfShop, updateWorld, type UpdateWorld } from "./update-world.ts"

const MINUTES_MS = 60_000

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("a Compose app under a Holdfast in a container", () => {
  useDocker([...updateImages, "holdfast-test/holdfast-tools"])
  const step = storySteps()
  const project = `holdfast-care-${randomBytes(3).toString("hex")}`
  const image = `${project}:test`
  let world: UpdateWorld
  let place = ""

  const compose = async (...words: readonly string[]): Promise<string> =>
    await command(["docker-compose", "--project-name", project, ...words], { cwd: place })
  /** In the container of the service, as an operator types it. */
  const inside = ["exec", "-T", "holdfast", "holdfast"]
  const attempt = async (...words: readonly string[]) =>
    await tryCommand(["docker-compose", "--project-name", project, ...words, "--json"], { cwd: place })
  const json = async <T>(schema: z.ZodType<T>, ...words: readonly string[]): Promise<T> => {
    const { exitCode, stdout, stderr } = await attempt(...inside, ...words)
    if (exitCode !== 0) throw new Error(`holdfast ${words.join(" ")}: exit ${exitCode}\n${stdout}\n${stderr}`)
    return schema.parse(JSON.parse(stdout))
  }

  beforeAll(async () => {
    await buildIfStale()
    await buildWebIfStale()
    world = await updateWorld({ engine: "postgres", images: "auto" })
    place = join(world.directory, "holdfast")
    for (const name of ["etc", "own", "backups"]) await mkdir(join(place, name), { recursive: true })
    await buildHoldfastImage({ reference: image, version: "0.1.0" }, join(place, "image"))
    const port = await freePort()
    const healthUrl = `http://127.0.0.1:${port}/healthz`
    const settings: unknown = JSON.parse(await readFile(join(world.project.directory, "holdfast.yaml"), "utf8"))
    await writeFile(join(place, "etc/holdfast.yaml"), JSON.stringify({ panel: { listen: `127.0.0.1:${port}` }, ...Object(settings) }))
    await writeFile(join(place, "compose.yml"), await ownComposeFile({ directory: place, healthUrl, seen: [world.directory] }))
    await writeFile(join(place, ".env"), `HOLDFAST_IMAGE=${image}\n`)
    await compose("up", "--detach")
    const answers = async (): Promise<boolean> => (await fetch(healthUrl)).ok
    await vi.waitFor(async () => expect(await answers()).toBe(true), { timeout: 2 * MINUTES_MS, interval: 200 })
  }, 20 * MINUTES_MS)

  afterAll(async () => {
    await compose("down", "--volumes", "--timeout", "5")
    await tryCommand(["docker", "image", "rm", "--force", image])
    await world?.dispose()
  })

  step("is backed up, and drilled by a server of its own image and by a copy that boots", async () => {
    await json(backupOutput, "backup")
    expect(await json(drillOutput, "drill", "--level", "restored")).toMatchObject({ passed: true, level: "restored" })
    expect(await json(drillOutput, "drill", "--level", "booted")).toMatchObject({ passed: true, level: "booted" })
  })

  step("is restored to what it was", async () => {
    await world.project.waitQuiet()
    const before = await stateOfShop(world.project)
    await json(backupOutput, "backup")
    await world.project.sql("DELETE FROM entries")

    await json(restoreOutput, "restore", APP, "--yes")

    await world.project.waitHealthy()
    await world.project.waitQuiet()
    expect(await stateOfShop(world.project)).toEqual(before)
  })

  step("is told of when the state of Holdfast is not where the engine looks for it", async () => {
    const found = async (...words: readonly string[]): Promise<readonly string[]> => {
      const { findings } = doctorOutput.parse(JSON.parse((await attempt(...words, "doctor")).stdout))
      return findings.filter(({ check }) => check === "container").map(({ what }) => what)
    }
    expect(await found(...inside)).toEqual([])
    const elsewhere = await found("run", "--rm", "--env", "HOLDFAST_STATE_DIR=/var/lib/holdfast", "holdfast")
    expect(elsewhere).toEqual([expect.stringContaining("/var/lib/holdfast of this container is not /var/lib/holdfast of the host")])
  })

  step("is rehearsed, updated and taken back", async () => {
    await world.project.waitQuiet()
    const before = await stateOfShop(world.project)
    await world.vendor.publish("1.1.0")

    const { applied } = await json(updateOutput, "update", "apply", APP, "--yes")

    expect(applied).toMatchObject([{ outcome: "applied", to: "1.1.0", unrehearsed: null }])
    expect((await world.project.health())?.body.version).toBe("1.1.0")
    await json(rollbackOutput, "update", "rollback", APP, "--yes")
    await world.project.waitQuiet()
    expect(await stateOfShop(world.project)).toEqual(before)
  })
})
