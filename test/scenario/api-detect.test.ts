/** Adding an app by the API: a real compose file is looked at by the real engine, and written into the settings as it was reviewed. */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it, onTestFinished, vi } from "vitest"
import { addedApp, detected } from "../../src/contract/api/app.ts"
import { apiClient, type ApiClient } from "../fixture/api-client.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { PASSWORD } from "../fixture/panel.ts"
import { fixtureProject } from "../fixture/recipe/detect.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"
import { cliIn } from "./cli.ts"

const COMMENT = "# nothing is protected yet"

interface Served {
  readonly owner: ApiClient
  readonly settings: () => Promise<string>
}

async function served(directory: string): Promise<Served> {
  const file = join(directory, "holdfast.yaml")
  await writeFile(file, `${COMMENT}\npanel: { listen: "127.0.0.1:0" }\nvaults:\n  disk: { path: ./vault }\napps: {}\n`)
  const service = cliIn({ cwd: directory, stateDirectory: join(directory, "state") }).start("serve")
  onTestFinished(async () => {
    service.kill("SIGTERM")
    await service.done
  })
  await vi.waitFor(() => expect(service.said()).toContain("with the token"), { timeout: 60_000 })
  const owner = apiClient(/the panel is at (\S+)/.exec(service.said())?.[1] ?? "")
  const token = /with the token (\w+)/.exec(service.said())?.[1]
  await owner.send("POST", "/api/v1/setup", { token, username: "ada", name: "Ada", password: PASSWORD })
  await owner.signIn("ada", PASSWORD)
  return { owner, settings: async () => await readFile(file, "utf8") }
}

describeNeeding("docker", "root")("an app that is added by the API", () => {
  useDocker()

  it("is found from its compose file, reviewed, and written; what cannot be used is refused and nothing is written", async () => {
    const directory = await temporaryDirectory("detect")
    const project = await fixtureProject("superchat", directory, "talk", "")
    const { owner, settings } = await served(directory)
    const compose = join(project.directory, "docker-compose.yml")
    const before = await settings()

    expect(await owner.send("POST", "/api/v1/apps/detect", { compose: join(directory, "nowhere.yml") })).toMatchObject({
      status: 422,
      code: "COMPOSE_INVALID",
    })
    expect((await owner.send("POST", "/api/v1/apps/detect", { compose, recipe: "no-such" })).code).toBe("RECIPE_UNKNOWN")
    const found = detected.parse((await owner.send("POST", "/api/v1/apps/detect", { compose })).body)
    expect(found).toMatchObject({ app: "talk", exists: false, recipe: "superchat", composeFiles: [compose], vaults: ["disk"] })
    expect(found.report.join("\n")).toContain("compose project talk in talk/ (docker-compose.yml)")
    expect(await settings()).toBe(before)

    const add = async (text: string) =>
      await owner.send("POST", "/api/v1/apps", { app: "talk", text }, { "if-match": `"${found.digest ?? ""}"` })
    for (const text of ["not: [closed", "schedules: { nightly: { cron: daily, vault: nowhere } }\nfiles: { up: { path: ./up } }"])
      expect(await add(text)).toMatchObject({ status: 422, code: "SETTINGS_INVALID" })
    expect(await settings()).toBe(before)
    const added = await add(found.text)
    expect(added, added.text).toMatchObject({ status: 201 })
    expect(addedApp.parse(added.body).app).toBe("talk")
    expect(await settings()).toContain(COMMENT)
    expect(await settings()).toContain("  talk:\n")
    expect((await add(found.text)).code).toBe("SETTINGS_INVALID")
    expect(detected.parse((await owner.send("POST", "/api/v1/apps/detect", { compose })).body).exists).toBe(true)
  })
})
