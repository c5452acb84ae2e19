/** A Chatalot-shaped install is taken onto pinned images and managed updates, from both starting points, and back again byte for byte. */
import { readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { adoptOutput, adoptPlanOutput, adoptUndoOutput, adoptUndoPlanOutput } from "../../src/contract/output-adopt.ts"
import { pointsOutput } from "../../src/contract/output.ts"
import { buildHoldfastImage } from "../fixture/adopt/holdfast-image.ts"
import { command } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { chatImages } from "../fixture/chat-app/project.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { adoptWorld, type AdoptWorld } from "./adopt-world.ts"
import { containersOf } from "./chat-world.ts"
import { storySteps } from "./story.ts"

describeNeeding(
  "docker",
  "root",
  "restic",
  "postgres",
  "registry",
)("an install that is adopted", () => {
  useDocker(chatImages)
  const step = storySteps()
  let world: AdoptWorld
  let before: Readonly<Record<string, string>>
  let operationId = ""

  const serverImage = async (): Promise<string> =>
    (await command(["docker", "inspect", "--format", "{{.Config.Image}}", `${world.project.name}-server`])).trim()
  const services = async (): Promise<readonly string[]> =>
    (await world.project.cli(["--profile", "*", "ps", "--all", "--services"])).trim().split("\n").toSorted()

  beforeAll(async () => {
    world = await adoptWorld()
    await world.fresh("not-defined")
    await world.project.up()
    await world.project.post("before")
    await world.publish("0.24.6", { schema: 1 })
    before = await world.files()
  })

  afterAll(async () => {
    await world?.dispose()
  })

  step("is shown its checks, its secrets and the edited files, and nothing is changed", async () => {
    const plan = await world.cli.json(adoptPlanOutput, ["adopt", "--plan"])

    expect(plan.checks.filter((check) => !check.good)).toEqual([])
    expect(plan).toMatchObject({ app: "chat", target: "vendor", startingPoint: "not-defined", running: "0.24.5", release: "0.24.6" })
    expect(plan.secrets.map(({ name, act }) => `${act} ${name}`)).toEqual([
      "directory-mode secrets",
      "make updater_token",
      "make cosign_pub",
      "make registry_creds",
    ])
    expect(plan.edits).toHaveLength(1)
    expect(plan.edits[0]?.diff).toContain("+  chatalot-updater:")
    expect(plan.edits[0]?.diff).toContain("-    build:")
    expect(await world.files()).toEqual(before)
  })

  step("is adopted: a proven point first, the updater beside it, then the server by its digest", async () => {
    const report = await world.cli.json(adoptOutput, ["adopt", "chat", "--yes"])

    operationId = report.operationId
    expect(report).toMatchObject({ from: "0.24.5", to: "0.24.6", target: "vendor" })
    expect(await serverImage()).toMatch(new RegExp(`^${world.images.server}@sha256:[0-9a-f]{64}$`))
    expect(await world.project.health()).toMatchObject({ status: "ok", version: "0.24.6" })
    expect((await world.project.messages()).map(({ body }) => body)).toEqual(["before"])
    expect(await services()).toEqual(["chatalot", "chatalot-socket-proxy", "chatalot-updater", "postgres"])
    const { points } = await world.cli.json(pointsOutput, ["points", "chat"])
    const point = points.find(({ id }) => id === report.point)
    expect(point?.proof?.level).toBe("read")
    expect(point?.pinned).toBeTruthy()
    expect(report.coldPoint).not.toBeNull()
  })

  step("lets the updater read its secrets as its own user, and knows its admin pages", async () => {
    const updater = Object.keys(await containersOf(world.project.name)).find((name) => name.includes("chatalot-updater"))
    expect(await command(["docker", "logs", updater ?? ""])).toContain("http listener bound")
    expect((await fetch(`${world.project.url}/api/admin/updates/status`)).status).toBe(401)
    const mode = async (name: string): Promise<string> =>
      ((await stat(join(world.project.directory, "secrets", name))).mode & 0o7777).toString(8)
    expect([
      await mode("updater_token"),
      await mode("cosign_pub"),
      await mode("registry_creds"),
      await mode("."),
      await mode("jwt_private.pem"),
    ]).toEqual(["644", "644", "644", "700", "600"])
  })

  step("is not adopted twice", async () => {
    expect(await world.cli.error("adopt", "chat", "--yes")).toMatchObject({
      code: "ADOPT_SURPRISE",
      why: expect.stringContaining("updater: expected it was never started; found"),
    })
  })

  step("is undone in one command, every file byte for byte, and its database stays", async () => {
    await world.project.post("while adopted")
    const plan = await world.cli.json(adoptUndoPlanOutput, ["adopt", "chat", "--undo", "--plan"])
    expect(plan).toMatchObject({ undoes: operationId, from: "0.24.6", to: "0.24.5", point: null, rowsLost: [], warnings: [] })
    expect(plan.databases).toEqual([{ database: "main", before: "1", now: "1", moved: false }])

    const report = await world.cli.json(adoptUndoOutput, ["adopt", "chat", "--undo", "--yes"])

    expect(report).toMatchObject({ undone: operationId, safetyPoint: null })
    expect(await world.files()).toEqual(before)
    expect(await services()).toEqual(["chatalot", "postgres"])
    expect(await world.project.health()).toMatchObject({ status: "ok", version: "0.24.5" })
    expect((await world.project.messages()).map(({ body }) => body)).toEqual(["before", "while adopted"])
    expect(await command(["docker", "network", "ls", "--quiet", "--filter", `name=${world.project.name}_updater_internal`])).toBe("")
    expect(await command(["docker", "image", "ls", "--quiet", "--filter", `reference=holdfast-kept:${operationId}-*`])).toBe("")
    expect(await world.cli.error("adopt", "chat", "--undo", "--yes")).toMatchObject({
      code: "ADOPT_NOTHING",
      what: "nothing of chat was adopted here, or it was undone already",
    })
  })

  step("goes back by itself when the updater does not stay up, before the app was touched", async () => {
    await world.publish("0.24.7", { schema: 1, breaks: true })
    const containers = await containersOf(world.project.name)

    const error = await world.cli.error("adopt", "chat", "--yes")

    expect(error).toMatchObject({ code: "ADOPT_FAILED", what: "chatalot-updater does not stay up" })
    expect(error.why).toContain("this updater always ends")
    expect(await world.files()).toEqual(before)
    expect(await containersOf(world.project.name)).toEqual(containers)
  })

  step("goes back by itself when the server does not report the version of the pin, with its database of before", async () => {
    await world.publish("0.24.8", { schema: 2, reports: "0.24.0" })

    const error = await world.cli.error("adopt", "chat", "--yes")

    expect(error).toMatchObject({ code: "ADOPT_FAILED" })
    expect(error.why).toContain("version: answered 0.24.0, 0.24.8 is expected")
    expect(await world.files()).toEqual(before)
    expect(await services()).toEqual(["chatalot", "postgres"])
    expect(await world.project.health()).toMatchObject({ status: "ok", version: "0.24.5" })
    expect((await world.project.check()).schema).toBe(1)
    expect((await world.project.messages()).map(({ body }) => body)).toEqual(["before", "while adopted"])
  })

  step("is adopted by Holdfast's own image in the place of both, hardened as they are, and undone again", async () => {
    const image = `${world.registry.name}/holdfast:test`
    await buildHoldfastImage(image, join(world.directory, "holdfast-image"))

    const words = ["adopt", "chat", "--yes", "--target", "holdfast", "--release", "0.24.6", "--holdfast-image", image]
    const report = await world.cli.json(adoptOutput, words)

    expect(report).toMatchObject({ from: "0.24.5", to: "0.24.6", target: "holdfast" })
    expect(await services()).toEqual(["chatalot", "chatalot-socket-proxy", "chatalot-updater", "postgres"])
    const inUpdater = async (code: string): Promise<string> =>
      (await world.project.cli(["exec", "-T", "chatalot-updater", "node", "--input-type=module", "-e", code])).trim()
    const asked = (url: string): string =>
      `const a = await fetch(${JSON.stringify(url)}); console.log(a.status, (await a.text()).slice(0, 40))`
    expect(await inUpdater(asked("http://127.0.0.1:8081/health"))).toBe('200 {"status":"ok"}')
    expect(await inUpdater(asked("http://127.0.0.1:8081/api/v1/updater/chat/status"))).toMatch(/^401 /)
    expect(await inUpdater(asked("http://127.0.0.1:8081/api/v1/apps"))).toMatch(/^404 /)
    expect(await inUpdater(asked("http://chatalot-socket-proxy:2375/_ping"))).toBe("200 OK")
    expect(await inUpdater(asked("http://chatalot-socket-proxy:2375/v1.41/secrets"))).toMatch(/^403 /)
    const undone = await world.cli.json(adoptUndoOutput, ["adopt", "chat", "--undo", "--yes"])
    expect(undone.undone).toBe(report.operationId)
    expect(await world.files()).toEqual(before)
    expect(await services()).toEqual(["chatalot", "postgres"])
  })

  step("from a staged and unfinished updater is adopted by filling in what is missing, and a filled secret is never touched", async () => {
    await world.fresh("defined")
    await writeFile(
      join(world.project.directory, "secrets/registry_creds"),
      `{"username":"ann","password":"p","serveraddress":"r.example"}`,
      { mode: 0o600 },
    )
    before = await world.files()
    await world.publish("0.25.0", { schema: 2 })

    const report = await world.cli.json(adoptOutput, ["adopt", "chat", "--yes"])

    expect(report).toMatchObject({ from: "0.24.5", to: "0.25.0" })
    expect(await readFile(join(world.project.directory, "secrets/registry_creds"), "utf8")).toContain('"username":"ann"')
    expect((await readFile(join(world.project.directory, "secrets/updater_token"), "utf8")).length).toBe(64)
    expect((await world.project.check()).schema).toBe(2)
    const updater = Object.keys(await containersOf(world.project.name)).find((name) => name.includes("chatalot-updater"))
    expect(await command(["docker", "logs", updater ?? ""])).toContain("registry credentials loaded")
    const text = await readFile(join(world.project.directory, "docker-compose.yml"), "utf8")
    expect(text).toContain("      - UPDATE_CHANNEL=stable   # was staged in spring\n")
  })

  step("is undone with the database of before, because the new version had migrated it, and says what is lost", async () => {
    await world.project.post("on the new schema")
    const plan = await world.cli.json(adoptUndoPlanOutput, ["adopt", "chat", "--undo", "--plan"])
    expect(plan.databases).toEqual([{ database: "main", before: "1", now: "2", moved: true }])
    expect(plan.rowsLost).toContainEqual({ database: "main", table: "public.messages", rows: 1 })

    const report = await world.cli.json(adoptUndoOutput, ["adopt", "chat", "--undo", "--yes"])

    expect(report.safetyPoint).not.toBeNull()
    expect(await world.files()).toEqual(before)
    expect(await world.project.health()).toMatchObject({ status: "ok", version: "0.24.5" })
    expect((await world.project.check()).schema).toBe(1)
    expect((await world.project.messages()).map(({ body }) => body)).toEqual(["before", "while adopted"])
  })

  step("is refused with what was expected when something is not as it should be, and nothing is changed", async () => {
    const compose = join(world.project.directory, "docker-compose.yml")
    const text = await readFile(compose, "utf8")
    await writeFile(compose, text.replace("      - UPDATE_CHANNEL=stable", "      - UPDATE_CHANNEL=beta"))
    const now = await world.files()
    expect(await world.cli.error("adopt", "chat", "--yes")).toMatchObject({
      code: "ADOPT_SURPRISE",
      what: "chat is not as it is expected to be",
      why: "environment UPDATE_CHANNEL: expected not set, or once as stable; found beta",
    })
    expect(await world.files()).toEqual(now)
    await writeFile(compose, text)
  })
})
