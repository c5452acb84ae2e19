/** Holdfast in its own container, by the project's compose file: it works there, outlives a kill, and updates itself. */
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, vi } from "vitest"
import type { z } from "zod"
import { buildIfStale } from "../../scripts/build-program.ts"
import { buildWebIfStale } from "../../scripts/build-web.ts"
import { backupOutput, drillOutput, operationsOutput, pointsOutput } from "../../src/contract/output.ts"
import { updateHistoryOutput } from "../../src/contract/output-update.ts"
import { command, tryCommand } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { freePort } from "../fixture/free-port.ts"
import { ownComposeFile } from "../fixture/holdfast-image/compose-file.ts"
import { buildHoldfastImage } from "../fixture/holdfast-image/holdfast-image.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { pushImage } from "../fixture/registry/push.ts"
import { registryServer, type RegistryServer } from "../fixture/registry/server.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { storySteps } from "./story.ts"

const run = promisify(execFile)
const MINUTES_MS = 60_000
const ITSELF = "holdfast-itself"
const project = `holdfast-own-${randomBytes(3).toString("hex")}`

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("Holdfast in its container", () => {
  useDocker(["holdfast-test/holdfast-tools"])
  const step = storySteps()

  let directory = ""
  let registry: RegistryServer
  let healthUrl = ""

  const docker = async (...words: readonly string[]): Promise<string> => await command(["docker", ...words])
  const compose = async (...words: readonly string[]): Promise<string> =>
    await command(["docker-compose", "--project-name", project, ...words], { cwd: join(directory, "holdfast") })
  /** In the container of the service, as an operator types it. */
  const inside = async (...words: readonly string[]): Promise<string> => await compose("exec", "-T", "holdfast", "holdfast", ...words)
  const json = async <T>(schema: z.ZodType<T>, ...words: readonly string[]): Promise<T> =>
    schema.parse(JSON.parse(await inside(...words, "--json")))
  /** Asks for what ends the container that is asked; any end is a value. */
  const attempt = async (...words: readonly string[]) =>
    await tryCommand(["docker-compose", "--project-name", project, "exec", "-T", "holdfast", "holdfast", ...words], {
      cwd: join(directory, "holdfast"),
    })
  const containerId = async (): Promise<string> => (await compose("ps", "--quiet", "holdfast")).trim()
  const image = (version: string): string => `${registry.name}/acme/holdfast:${version}`
  const isUp = async (): Promise<boolean> =>
    await fetch(healthUrl).then(
      (answer) => answer.ok,
      () => false,
    )
  const untilUp = async (): Promise<void> => {
    try {
      await vi.waitFor(async () => expect(await isUp()).toBe(true), { timeout: 2 * MINUTES_MS, interval: 200 })
    } catch (thrown) {
      throw new Error(`the service does not answer:\n${await compose("logs", "--tail", "30")}`, { cause: thrown })
    }
  }
  const publish = async (version: string, start?: readonly string[]): Promise<void> => {
    const made = { reference: image(version), version, ...(start === undefined ? {} : { command: start }) }
    await buildHoldfastImage(made, join(directory, `image-${version}`))
    await pushImage(made.reference)
  }
  const besides = async (): Promise<readonly string[]> =>
    (await docker("ps", "--all", "--format", "{{.Names}}", "--filter", "name=holdfast-beside-")).split("\n").filter((name) => name !== "")
  const untilBesideIsGone = async (): Promise<void> => {
    try {
      await vi.waitFor(async () => expect(await besides()).toEqual([]), { timeout: 5 * MINUTES_MS, interval: 300 })
    } catch (thrown) {
      const [name = ""] = await besides()
      throw new Error(`${name} is still there:\n${(await tryCommand(["docker", "logs", "--tail", "40", name])).stderr}`, { cause: thrown })
    }
  }
  const history = async () => (await json(updateHistoryOutput, "update", "history", ITSELF)).entries
  const runningVersion = async (): Promise<string> => (await inside("--version")).trim()

  beforeAll(async () => {
    await buildIfStale()
    await buildWebIfStale()
    directory = await newDirectory("container")
    for (const name of ["etc", "own", "holdfast", "srv/uploads", "backups", "registry"])
      await mkdir(join(directory, name), { recursive: true })
    registry = await registryServer({ directory: join(directory, "registry") })
    await registry.start()
    await publish("0.1.0")
    const port = await freePort()
    healthUrl = `http://127.0.0.1:${port}/healthz`
    await prepareApp(directory)
    await writeFile(
      join(directory, "holdfast/compose.yml"),
      await ownComposeFile({ directory, healthUrl, seen: [join(directory, "srv"), join(directory, "holdfast")] }),
    )
    await writeFile(join(directory, "holdfast/.env"), `HOLDFAST_IMAGE=${image("0.1.0")}\n`)
    await writeFile(join(directory, "etc/holdfast.yaml"), settings(directory, port, healthUrl))
    await compose("up", "--detach")
    await untilUp()
  }, 20 * MINUTES_MS)

  afterAll(async () => {
    for (const name of [...(await besides()), `${project}-other`]) await tryCommand(["docker", "rm", "--force", name])
    await compose("down", "--volumes", "--timeout", "5")
    const images = (await docker("image", "ls", "--quiet", `${registry.name}/acme/holdfast`)).split("\n").filter((id) => id !== "")
    if (images.length > 0) await tryCommand(["docker", "image", "rm", "--force", ...new Set(images)])
    await registry.stop()
    await removeTree(directory)
  })

  step("backs an app of the host up and proves it, beside the service", async () => {
    const taken = await json(backupOutput, "backup", "notes")
    expect(taken.point?.id).toBeTruthy()
    expect((await json(drillOutput, "drill", "notes", "--level", "restored")).passed).toBe(true)
    expect((await json(pointsOutput, "points", "notes")).points).toHaveLength(1)
  })

  step("settles what another container was killed at, although nobody shares its process ids", async () => {
    const other = `${project}-other`
    await compose("run", "--detach", "--name", other, "holdfast", "backup", "slow")
    await vi.waitFor(async () => await readFile(join(directory, "srv/begun"), "utf8"), { timeout: MINUTES_MS, interval: 100 })
    const busy = await attempt("backup", "slow")
    expect(busy.exitCode).not.toBe(0)
    expect(busy.stderr).toContain("slow is being worked on by another operation")
    await docker("kill", other)
    await docker("rm", "--force", other)
    await writeFile(join(directory, "srv/quick"), "")

    expect((await json(backupOutput, "backup", "slow")).point?.id).toBeTruthy()

    const { operations } = await json(operationsOutput, "operations", "--app", "slow")
    expect(operations.map(({ outcome }) => outcome)).toEqual(["succeeded", "failed"])
  })

  step("updates itself from a container beside, and says so to whoever asked", async () => {
    await publish("0.2.0")
    await json(backupOutput, "backup", ITSELF)
    expect((await json(drillOutput, "drill", ITSELF, "--level", "restored")).passed).toBe(true)

    const cold = await attempt("backup", ITSELF, "--cold")
    expect(cold.stderr).toContain(`${ITSELF} cannot be stopped from here: this Holdfast runs in one of its containers`)
    expect(await isUp()).toBe(true)

    const asked = await attempt("update", "apply", ITSELF, "--yes")

    expect(asked.stderr).toContain("Holdfast replaces itself: the update goes on in the container holdfast-beside-")
    await untilBesideIsGone()
    await untilUp()
    expect((await history())[0]).toMatchObject({ kind: "update", from: "0.1.0", to: "0.2.0", outcome: "applied" })
    expect(await runningVersion()).toContain("0.2.0")
    expect(await readFile(join(directory, "holdfast/.env"), "utf8")).toMatch(/^HOLDFAST_IMAGE=\S+@sha256:[0-9a-f]{64}$/m)
    expect((await json(pointsOutput, "points", "notes")).points).toHaveLength(1)
  })

  step("is the version before again when the new one does not stay up", async () => {
    await publish("0.3.0", ["no-such-command"])
    const before = await readFile(join(directory, "holdfast/.env"), "utf8")

    await attempt("update", "apply", ITSELF, "--yes")

    await untilBesideIsGone()
    await untilUp()
    expect(await runningVersion()).toContain("0.2.0")
    expect(await readFile(join(directory, "holdfast/.env"), "utf8")).toBe(before)
    expect((await history())[0]).toMatchObject({ kind: "update", from: "0.2.0", to: "0.3.0", outcome: "rolled back" })
  })

  step("comes back by itself when the container beside is killed while Holdfast is down", async () => {
    await publish("0.4.0")
    const first = await containerId()
    const asked = attempt("update", "apply", ITSELF, "--yes")
    await vi.waitFor(async () => expect(await stateOf(first)).not.toBe("running"), { timeout: 3 * MINUTES_MS, interval: 20 })
    const [beside = ""] = await besides()
    await killMain(beside)
    await asked

    await untilBesideIsGone()
    await untilUp()
    const version = await runningVersion()
    const [last] = await history()
    // Killed before the pin it is as before, after it the new one may be kept; either is told as it is.
    expect(last).toMatchObject({ kind: "update", from: "0.2.0", to: "0.4.0" })
    expect(version).toContain(last?.outcome === "applied" ? "0.4.0" : "0.2.0")
    expect((await json(backupOutput, "backup", "notes")).point?.id).toBeTruthy()
  })

  step("goes back by hand in the same way", async () => {
    if (!(await runningVersion()).includes("0.4.0")) {
      await attempt("update", "apply", ITSELF, "--yes", "--again")
      await untilBesideIsGone()
      await untilUp()
    }
    expect(await runningVersion()).toContain("0.4.0")
    const asked = await attempt("update", "rollback", ITSELF, "--yes")
    expect(asked.stderr).toContain("goes on in the container")
    await untilBesideIsGone()
    await untilUp()
    expect(await runningVersion()).toContain("0.2.0")
  })

  const stateOf = async (id: string): Promise<string> => {
    const shown = await tryCommand(["docker", "inspect", "--format", "{{.State.Status}}", id])
    return shown.stdout.trim()
  }

  /** As a crash does it: the engine's own `kill` would be an order to leave it down. */
  const killMain = async (name: string): Promise<void> => {
    const pid = Number(await docker("inspect", "--format", "{{.State.Pid}}", name))
    expect(pid).toBeGreaterThan(1)
    await run("kill", ["-KILL", String(pid)])
  }
})

/** A program of the host without containers, and one whose backups take as long as somebody wants. */
async function prepareApp(directory: string): Promise<void> {
  const database = new DatabaseSync(join(directory, "srv/notes.db"))
  database.exec(
    "PRAGMA journal_mode = WAL; CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO note (body) VALUES ('one'), ('two')",
  )
  database.close()
  await writeFile(join(directory, "srv/uploads/one.txt"), "one")
  await writeFile(join(directory, "srv/wait.sh"), `touch ${directory}/srv/begun\n[ -e ${directory}/srv/quick ] || sleep 600\n`)
}

function settings(directory: string, port: number, healthUrl: string): string {
  return `panel: { listen: "127.0.0.1:${port}" }
vaults:
  local: { path: ${directory}/backups/vault }
apps:
  notes:
    databases: { main: { sqlite: ${directory}/srv/notes.db } }
    files: { uploads: { path: ${directory}/srv/uploads } }
    run: { stop: ["true"], start: ["true"] }
  slow:
    files: { uploads: { path: ${directory}/srv/uploads } }
    hooks: { before: [["sh", "${directory}/srv/wait.sh"]] }
  ${ITSELF}:
    compose: { files: ${directory}/holdfast/compose.yml, project: ${project} }
    secrets: [ ${directory}/holdfast/.env ]
    health: { url: "${healthUrl}" }
    updates: { source: registry, versions: ">=0.1.0", minimumAge: 0s, expectVersion: false, rollbackWindow: 1h, stability: 4s, timeout: 40s }
`
}
