/** A Chatalot-shaped install is taken onto pinned images and managed updates, and back again byte for byte. */
import { stat } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { adoptOutput, adoptPlanOutput, adoptUndoOutput, adoptUndoPlanOutput } from "../../src/contract/output-adopt.ts"
import { pointsOutput } from "../../src/contract/output.ts"
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

  step("is shown its checks, its secrets and the edited files, and nothing is changed (C118, C119, C124)", async () => {
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

  step(
    "is adopted: a proven point first, the updater beside it, then the server by its digest (C113, C114, C127-C130, C145, C147)",
    async () => {
      const report = await world.cli.json(adoptOutput, ["adopt", "chat", "--yes"])

      operationId = report.operationId
      expect(report).toMatchObject({ from: "0.24.5", to: "0.24.6", target: "vendor" })
      expect(await serverImage()).toMatch(new RegExp(`^${world.images.server}@sha256:[0-9a-f]{64}$`))
      expect(await command(["docker", "image", "ls", "--quiet", "--filter", `reference=holdfast-pulled:${operationId}-*`])).toBe("")
      expect(await world.project.health()).toMatchObject({ status: "ok", version: "0.24.6" })
      expect((await world.project.messages()).map(({ body }) => body)).toEqual(["before"])
      expect(await services()).toEqual(["chatalot", "chatalot-socket-proxy", "chatalot-updater", "postgres"])
      const { points } = await world.cli.json(pointsOutput, ["points", "chat"])
      const point = points.find(({ id }) => id === report.point)
      expect(point?.proof?.level).toBe("read")
      expect(point?.pinned).toBeTruthy()
      const kinds = new Set(point?.parts.map((part) => part.split(":")[0]))
      expect([...kinds]).toEqual(expect.arrayContaining(["database", "files", "secrets", "image"]))
      expect(report.coldPoint).not.toBeNull()
    },
  )

  step("lets the updater read its secrets as its own user, and knows its admin pages (C115, C134, C148)", async () => {
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

  step("is not adopted twice (C111)", async () => {
    expect(await world.cli.error("adopt", "chat", "--yes")).toMatchObject({
      code: "ADOPT_SURPRISE",
      why: expect.stringContaining("updater: expected it was never started; found"),
    })
  })

  step("is undone in one command, every file byte for byte, and its database stays (C113, C149)", async () => {
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

  step("goes back by itself when the updater does not stay up, before the app was touched (C145, C146)", async () => {
    await world.publish("0.24.7", { schema: 1, breaks: true })
    const containers = await containersOf(world.project.name)

    const error = await world.cli.error("adopt", "chat", "--yes")

    expect(error).toMatchObject({ code: "ADOPT_FAILED", what: "chatalot-updater does not stay up" })
    expect(error.why).toContain("this updater always ends")
    expect(await world.files()).toEqual(before)
    expect(await containersOf(world.project.name)).toEqual(containers)
  })

  step("goes back by itself when the server does not report the version of the pin, with its database of before (C147, C150)", async () => {
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
})
