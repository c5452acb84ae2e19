/** An install in which Holdfast took the updater's place is updated from there, as the app's own page asks for it, and from the host. */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, vi } from "vitest"
import { buildIfStale } from "../../scripts/build-program.ts"
import { buildWebIfStale } from "../../scripts/build-web.ts"
import { catalog } from "../../src/base/error-catalog.ts"
import { accepted } from "../../src/contract/api/shapes.ts"
import { plannedUpdate, updaterStatus, type UpdaterStatus } from "../../src/contract/api/updates.ts"
import { adoptOutput } from "../../src/contract/output-adopt.ts"
import { backupOutput, drillOutput, restoreOutput } from "../../src/contract/output.ts"
import { rollbackOutput, updateOutput } from "../../src/contract/output-update.ts"
import { chatImages } from "../fixture/chat-app/project.ts"
import { command, tryCommand } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { buildHoldfastImage } from "../fixture/holdfast-image/holdfast-image.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { signedHeaders } from "../fixture/signed-app.ts"
import { adoptWorld, type AdoptWorld } from "./adopt-world.ts"
import { containersOf } from "./chat-world.ts"
import { storySteps } from "./story.ts"

const MINUTES_MS = 60_000
const DOOR = "/api/v1/updater/chat"

describeNeeding(
  "docker",
  "root",
  "restic",
  "postgres",
  "registry",
)("an app that Holdfast was adopted for", () => {
  useDocker([...chatImages, "holdfast-test/holdfast-tools"])
  const step = storySteps()
  let world: AdoptWorld
  let token = ""
  let handingOn = ""

  const image = (): string => `${world.registry.name}/holdfast:test`
  /** In the container of Holdfast, as an operator types it. */
  const inside = async (...words: readonly string[]): Promise<unknown> => {
    const said = await world.project.cli(["exec", "-T", "chatalot-updater", "holdfast", ...words, "--json"])
    return JSON.parse(said)
  }
  /** From the server's own container, signed with the token that both hold. */
  const ask = async (method: "GET" | "POST", path: string, body = ""): Promise<unknown> => {
    const headers = signedHeaders({ token, method, path, atMs: Date.now(), body })
    const request = JSON.stringify({ method, headers, ...(body === "" ? {} : { body }) })
    const code = `const a = await fetch("http://chatalot-updater:8081${path}", ${request}); console.log(a.status, await a.text())`
    const said = await world.project.cli(["exec", "-T", "chatalot", "node", "--input-type=module", "-e", code])
    const [, answered, text = ""] = /^(\d+) ([\s\S]*)$/.exec(said) ?? []
    if (answered !== "200" && answered !== "202") throw new Error(`${method} ${path}: ${said}`)
    return JSON.parse(text)
  }
  const status = async (): Promise<UpdaterStatus> => updaterStatus.parse(await ask("GET", `${DOOR}/status`))
  const bodies = async (): Promise<readonly string[]> => (await world.project.messages()).map(({ body }) => body)
  const pair = async (): Promise<readonly (readonly [string, unknown])[]> =>
    Object.entries(await containersOf(world.project.name)).filter(([name]) => name.includes("-updater-") || name.includes("-proxy-"))
  const container = async (part: string): Promise<string> => (await pair()).find(([name]) => name.includes(part))?.[0] ?? ""
  const updater = async (): Promise<string> => await container("-updater-")
  /** What the proxy did not let through. */
  const refusals = async (): Promise<readonly string[]> => {
    const said = await tryCommand(["docker", "logs", await container("-proxy-")])
    return said.stderr.split("\n").filter((line) => line.includes("refused"))
  }

  beforeAll(async () => {
    await buildIfStale()
    await buildWebIfStale()
    world = await adoptWorld("adopted")
    await world.fresh("not-defined")
    await world.project.up()
    await completeSettings(world)
    await world.publish("0.25.0", { schema: 1 })
    await buildHoldfastImage({ reference: image(), version: "0.1.0" }, join(world.directory, "holdfast-image"))
    await world.cli.json(adoptOutput, ["adopt", "chat", "--yes", "--target", "holdfast", "--holdfast-image", image()])
    handingOn = await handOn(world, await updater())
    token = (await readFile(join(world.project.directory, "secrets/updater_token"), "utf8")).trim()
  }, 20 * MINUTES_MS)

  afterAll(async () => {
    if (handingOn !== "") await tryCommand(["docker", "rm", "--force", handingOn])
    await world?.dispose()
  })

  step("is backed up and drilled from the host, by a copy without updater and proxy", async () => {
    await world.cli.json(backupOutput, ["backup"])
    const drill = await world.cli.json(drillOutput, ["drill", "--level", "booted"])
    expect(drill).toMatchObject({ passed: true, level: "booted" })
  })

  step("is updated as its own page asks for it, from inside, through the proxy", async () => {
    await world.project.post("before 0.25.1")
    await world.publish("0.25.1", { schema: 2 })
    const before = await pair()

    const planned = plannedUpdate.parse(await ask("POST", `${DOOR}/plan`, "{}"))
    expect(planned.plan?.to.version).toBe("0.25.1")
    accepted.parse(await ask("POST", `${DOOR}/apply`, JSON.stringify({ planId: planned.planId })))

    const ended = async (): Promise<UpdaterStatus["last"]> => (await status()).last
    await vi.waitFor(async () => expect(await ended()).not.toBeNull(), { timeout: 10 * MINUTES_MS, interval: 1000 })
    expect([await ended(), await refusals()]).toEqual([
      expect.objectContaining({ outcome: "applied", from: "0.25.0", to: "0.25.1", why: null }),
      [],
    ])
    expect(await world.project.health()).toMatchObject({ status: "ok", version: "0.25.1" })
    expect((await world.project.check()).schema).toBe(2)
    expect(await bodies()).toEqual(["before 0.25.1"])
    expect(await pair()).toEqual(before)
  })

  step("is taken back from inside", async () => {
    rollbackOutput.parse(await inside("update", "rollback", "chat", "--yes"))

    expect(await world.project.health()).toMatchObject({ status: "ok", version: "0.25.0" })
    expect((await world.project.check()).schema).toBe(1)
    expect(await bodies()).toEqual(["before 0.25.1"])
    expect(await refusals()).toEqual([])
  })

  step("is restored from inside", async () => {
    await world.project.psql("DELETE FROM messages")

    restoreOutput.parse(await inside("restore", "chat", "--yes"))

    expect(await bodies()).toEqual(["before 0.25.1"])
    expect(await refusals()).toEqual([])
  })

  step("is not given back from inside, where whoever does it would go", async () => {
    const said = await tryCommand(["docker", "exec", await updater(), "holdfast", "adopt", "chat", "--undo", "--yes"])
    expect(said.exitCode).toBe(catalog.APP_NOT_STOPPABLE.exitCode)
    expect(said.stderr).toContain("cannot be undone from here: this Holdfast runs in one of the containers that go")
  })

  step("is updated from the host, with Holdfast beside it running on", async () => {
    const before = await pair()

    const { applied } = await world.cli.json(updateOutput, ["update", "apply", "chat", "--again", "--yes"])

    expect(applied).toMatchObject([{ outcome: "applied", to: "0.25.1", unrehearsed: null }])
    expect((await world.project.check()).schema).toBe(2)
    expect(await pair()).toEqual(before)
  })
})

/** All that the app needs to boot is protected; it is asked as the recipe says, inside of its container, and not under an address of the host. */
async function completeSettings({ directory }: AdoptWorld): Promise<void> {
  const file = join(directory, "holdfast.yaml")
  const text = await readFile(file, "utf8")
  const files = "    files: { uploads: { volume: file_storage }, config: { path: ./app/config } }\n"
  const changed = text.replace(/^ {4}health: .*\n/m, files).replace("timeout: 60s", "timeout: 60s\n      stability: 2s")
  expect(changed).not.toBe(text)
  await writeFile(file, changed)
}

/**
 * The vendor's address is one of this machine alone, which is what may go without encryption: inside Holdfast's container, what comes to it is
 * handed on to the host. Gives the container that does it.
 */
async function handOn({ project, site }: AdoptWorld, updater: string): Promise<string> {
  const network = ["docker", "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", `${project.name}_external`] as const
  const gateway = (await command(network)).trim()
  const { port } = new URL(site.url)
  const code = `require("net").createServer((from) => { const to = require("net").connect(${port}, "${gateway}"); from.pipe(to).pipe(from); from.on("error", () => to.destroy()); to.on("error", () => from.destroy()) }).listen(${port}, "127.0.0.1")`
  const words = ["docker", "run", "--detach", "--network", `container:${updater}`, "holdfast-test/node", "node", "-e", code] as const
  return (await command(words)).trim()
}
