/** An install whose updater was staged and never started is adopted; and one in which Holdfast stands in the updater's place. */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { catalog } from "../../src/base/error-catalog.ts"
import { adoptOutput, adoptPlanOutput, adoptUndoOutput, adoptUndoPlanOutput } from "../../src/contract/output-adopt.ts"
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
)("an install with a staged updater", () => {
  useDocker(chatImages)
  const step = storySteps()
  let world: AdoptWorld
  let before: Readonly<Record<string, string>>

  const services = async (): Promise<readonly string[]> =>
    (await world.project.cli(["--profile", "*", "ps", "--all", "--services"])).trim().split("\n").toSorted()

  const image = (): string => `${world.registry.name}/holdfast:test`
  const byHoldfast = (): readonly string[] => ["adopt", "chat", "--yes", "--target", "holdfast", "--holdfast-image", image()]
  /** It answers health and signed requests alone, and sees the engine through its proxy. */
  const expectHoldfastBeside = async (): Promise<void> => {
    const inUpdater = async (code: string): Promise<string> =>
      (await world.project.cli(["exec", "-T", "chatalot-updater", "node", "--input-type=module", "-e", code])).trim()
    const asked = (url: string): string =>
      `const a = await fetch(${JSON.stringify(url)}); console.log(a.status, (await a.text()).slice(0, 40))`
    expect(await inUpdater(asked("http://127.0.0.1:8081/health"))).toBe('200 {"status":"ok"}')
    expect(await inUpdater(asked("http://127.0.0.1:8081/api/v1/updater/chat/status"))).toMatch(/^401 /)
    expect(await inUpdater(asked("http://127.0.0.1:8081/api/v1/apps"))).toMatch(/^404 /)
    expect(await inUpdater(asked("http://chatalot-socket-proxy:2375/_ping"))).toBe("200 OK")
    expect(await inUpdater(asked("http://chatalot-socket-proxy:2375/v1.41/secrets"))).toMatch(/^403 /)
  }

  beforeAll(async () => {
    world = await adoptWorld("staged")
    await world.fresh("not-defined")
    await world.project.up()
    await world.project.post("before")
    before = await world.files()
  })

  afterAll(async () => {
    await world?.dispose()
  })

  step(
    "from a staged and unfinished updater is adopted by filling in what is missing, and a filled secret is never touched (C123, C131, C133)",
    async () => {
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
    },
  )

  step("is undone with the database of before, because the new version had migrated it, and says what is lost (C150)", async () => {
    await world.project.post("on the new schema")
    const plan = await world.cli.json(adoptUndoPlanOutput, ["adopt", "chat", "--undo", "--plan"])
    expect(plan.databases).toEqual([{ database: "main", before: "1", now: "2", moved: true }])
    expect(plan.rowsLost).toContainEqual({ database: "main", table: "public.messages", rows: 1 })

    const report = await world.cli.json(adoptUndoOutput, ["adopt", "chat", "--undo", "--yes"])

    expect(report.safetyPoint).not.toBeNull()
    expect(await world.files()).toEqual(before)
    expect(await world.project.health()).toMatchObject({ status: "ok", version: "0.24.5" })
    expect((await world.project.check()).schema).toBe(1)
    expect((await world.project.messages()).map(({ body }) => body)).toEqual(["before"])
  })

  step("is refused with what was expected when something is not as it should be, and nothing is changed (C119)", async () => {
    const compose = join(world.project.directory, "docker-compose.yml")
    const text = await readFile(compose, "utf8")
    await writeFile(compose, text.replace("      - UPDATE_CHANNEL=stable", "      - UPDATE_CHANNEL=beta"))
    const now = await world.files()
    expect(await world.cli.error("adopt", "chat", "--yes")).toMatchObject({
      code: "ADOPT_SURPRISE",
      what: "chat is not as it is expected to be",
      why: "environment UPDATE_CHANNEL: expected not set, or once as stable; found beta",
    })
    const plan = await world.cli.json(adoptPlanOutput, ["adopt", "chat", "--plan"], catalog.ADOPT_SURPRISE.exitCode)
    expect(plan.checks.filter(({ good }) => !good).map(({ name }) => name)).toEqual(["environment UPDATE_CHANNEL"])
    expect(await world.files()).toEqual(now)
    await writeFile(compose, text)
  })

  step("has Holdfast's own image take the place of the pair, its filled token untouched, and both come back (C131, C143)", async () => {
    await world.fresh("defined")
    await buildHoldfastImage(image(), join(world.directory, "holdfast-image"))
    const token = join(world.project.directory, "secrets/updater_token")
    await writeFile(token, "a token of somebody's own, from spring", { mode: 0o600 })
    before = await world.files()

    const report = await world.cli.json(adoptOutput, byHoldfast())

    expect(report).toMatchObject({ from: "0.24.5", to: "0.25.0", target: "holdfast" })
    expect(await services()).toEqual(["chatalot", "chatalot-socket-proxy", "chatalot-updater", "postgres"])
    await expectHoldfastBeside()
    expect(await readFile(token, "utf8")).toBe("a token of somebody's own, from spring")
    await world.cli.json(adoptUndoOutput, ["adopt", "chat", "--undo", "--yes"])
    expect(await world.files()).toEqual(before)
    expect(await services()).toEqual(["chatalot", "postgres"])
  })
})
