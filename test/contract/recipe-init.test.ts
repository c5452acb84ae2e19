import { randomBytes } from "node:crypto"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { expect, it, onTestFinished } from "vitest"
import type { App, FileSource } from "../../src/app/app.ts"
import { applyInit, planInit } from "../../src/app/init.ts"
import { locateApp } from "../../src/app/locate.ts"
import type { DatabaseEngines } from "../../src/app/ports.ts"
import { unnamedTrees } from "../../src/app/unnamed-trees.ts"
import type { Unnamed } from "../../src/app/unnamed.ts"
import { isHoldfastError } from "../../src/base/errors.ts"
import { loadSettings } from "../../src/settings/settings.ts"
import { resolveApp } from "../../src/settings/resolve.ts"
import { command } from "../fixture/docker/command.ts"
import { engineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { exampleApp } from "../fixture/example.ts"
import { tinyProject } from "../fixture/docker/tiny-project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { fixtureProject, recipes } from "../fixture/recipe/detect.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"

const asksNobody = (): never => {
  throw new Error("there is no server here")
}
const databases: DatabaseEngines = { for: asksNobody, named: asksNobody }

describeNeeding("docker", "root")("init on a real engine", () => {
  useDocker(["holdfast-test/busybox"])

  it("finds the database inside the real volume, writes the settings once, and locates the file that they name", async () => {
    const engine = engineUnderTest()
    onTestFinished(() => engine.remove())
    const name = `sc${randomBytes(4).toString("hex")}`
    const project = await fixtureProject("superchat", await temporaryDirectory(), name, "")
    const volume = `${name}_superchat-data`
    await engine.docker.createVolume(volume, {}, engine.ctx())
    onTestFinished(async () => void (await command(["docker", "volume", "rm", "-f", volume])))
    const place = await engine.docker.volumePath(volume, engine.ctx())
    if (place === null) throw new Error("expected the volume")
    const database = new DatabaseSync(join(place.hostPath, "chat-data"))
    database.exec("CREATE TABLE a (b)")
    database.close()
    const request = { compose: null, recipe: null, name: null, cwd: project.directory, environment: {}, file: null, vaultPath: null }

    const plan = await planInit(request, { containers: engine.docker, databases, recipes }, engine.ctx())
    await applyInit(plan, { force: false })

    expect(plan.report).toContain(`database main: sqlite; its first bytes are those of a SQLite database (in volume ${volume})`)
    expect(plan.report).toContain("note: not running now: superchat, website")
    const settings = loadSettings(join(project.directory, "holdfast.yaml"), {})
    const located = await locateApp(resolveApp(settings, name, { environment: {}, recipes }), engine.docker, engine.ctx())
    expect(located.databases).toMatchObject([{ engine: "sqlite", place: { path: join(place.hostPath, "chat-data") } }])
    expect(located.origins["files:data"]).toBe(`volume:${volume}`)

    // A volume that was deleted is refused with the very words that make it anew.
    await command(["docker", "volume", "rm", "-f", volume])
    const locate = async () => await locateApp(resolveApp(settings, name, { environment: {}, recipes }), engine.docker, engine.ctx())
    const hint = await locate().then(
      () => "",
      (thrown: unknown) => (isHoldfastError(thrown, "VOLUME_MISSING") ? thrown.hint : ""),
    )
    const words = hint.slice(hint.indexOf("docker volume create")).split(" ")
    expect(words.at(-1)).toBe(volume)
    await command(words)
    expect((await locate()).volumes["superchat-data"]?.realName).toBe(volume)
    expect(await command(["docker", "volume", "inspect", "--format", '{{index .Labels "com.docker.compose.project"}}', volume])).toBe(
      `${name}\n`,
    )

    await writeFile(join(project.directory, "holdfast.yaml"), "# mine\n")
    await expect(applyInit(plan, { force: false })).rejects.toThrow(
      `there is a settings file already: ${join(project.directory, "holdfast.yaml")}`,
    )
    expect(await readFile(join(project.directory, "holdfast.yaml"), "utf8")).toBe("# mine\n")
  })

  it("says of volumes without a name that no point holds them, also of those that only a running container shows", async () => {
    const engine = engineUnderTest()
    onTestFinished(() => engine.remove())
    const text = `services: { web: { image: holdfast-test/busybox, init: true, command: [sleep, "100"], volumes: [/data] } }`
    const project = tinyProject(engine.scratchDirectory, text)
    onTestFinished(project.remove)
    await project.up()
    const { projectName, projectDirectory } = project.compose
    const labels = [`com.docker.compose.project=${projectName}`, "com.docker.compose.service=web"].flatMap((label) => ["--label", label])
    const declared = await command([
      "docker",
      "run",
      "--detach",
      "--volume",
      "/declared",
      ...labels,
      "holdfast-test/busybox",
      "sleep",
      "100",
    ])
    onTestFinished(async () => void (await command(["docker", "rm", "--force", "--volumes", declared.trim()])))
    const request = { compose: null, recipe: null, name: projectName, cwd: projectDirectory, environment: {}, file: null, vaultPath: null }

    const { report } = await planInit(request, { containers: engine.docker, databases, recipes }, engine.ctx())

    expect(report.filter((line) => line.includes("without a name")).map((line) => line.replace(/ is lost.*/, ""))).toEqual([
      "NOT PROTECTED: the volume without a name of service web at /data",
      "NOT PROTECTED: the volume without a name of service web at /declared",
    ])
  })

  it("leaves the machine out, and does not look through what its kernel shows as files", async () => {
    const engine = engineUnderTest()
    onTestFinished(() => engine.remove())
    const mounts = ["/:/rootfs:ro", "/proc:/host/proc:ro", "/sys:/host/sys:ro", "/etc:/host/etc:ro", "./rules:/rules"]
    const project = tinyProject(
      engine.scratchDirectory,
      `services:\n  watch: { image: holdfast-test/busybox, volumes: ${JSON.stringify(mounts)} }\n`,
    )
    onTestFinished(project.remove)
    const { projectDirectory: cwd } = project.compose
    await mkdir(join(cwd, "rules"))
    const request = { compose: null, recipe: null, name: null, cwd, environment: {}, file: null, vaultPath: null }

    const { detection, report } = await planInit(request, { containers: engine.docker, databases, recipes }, engine.ctx())

    expect(detection.files.map(({ place }) => place)).toEqual([{ path: join(cwd, "rules") }])
    expect(detection.databases).toEqual([])
    expect(detection.unknown.filter((line) => line.includes("SQLite"))).toEqual([])
    expect(report.filter((line) => line.includes("belongs to the machine"))).toHaveLength(4)
  })

  it("names what services use and no point holds, until the settings name it or leave it out on purpose", async () => {
    const engine = engineUnderTest()
    onTestFinished(() => engine.remove())
    const text = `
services:
  web: { image: holdfast-test/busybox, volumes: [".:/project", "./media:/media", "./.env:/etc/env:ro"] }
  watch: { image: holdfast-test/busybox, volumes: ["/:/rootfs:ro", "/var/lib/docker:/var/lib/docker:ro", "/var/log:/logs"] }
  db: { image: "mysql:8", volumes: ["./mysql:/var/lib/mysql"] }
`
    const project = tinyProject(engine.scratchDirectory, text)
    onTestFinished(project.remove)
    const { projectDirectory } = project.compose
    const at = (name: string): string => join(projectDirectory, name)
    for (const name of ["media", "mysql"]) await mkdir(at(name))
    await writeFile(at(".env"), "A=1\n")
    const found = async (more: Partial<App>): Promise<readonly Unnamed[]> => {
      const app = exampleApp({
        compose: project.compose,
        databases: [],
        secrets: [at(".env")],
        configuration: [...project.compose.files],
        ...more,
      })
      return await unnamedTrees(app, engine.docker, engine.ctx())
    }
    const unnamed = async (more: Partial<App>): Promise<readonly string[]> =>
      (await found(more)).map((one) => one.text.replaceAll(projectDirectory, "").replace(/,? (?:which|is the live).*/, ""))
    const tree = (name: string): FileSource => ({ name, place: { path: at(name) }, exclude: [], defaultOwner: null, mustBeMounted: false })

    expect(await unnamed({ files: [] })).toEqual(["", "/media", "/mysql"])
    expect(await unnamed({ files: [tree("mysql")] })).toEqual(["/media"])
    expect(await unnamed({ files: [], leaveOut: [projectDirectory, at("mysql")] })).toEqual(["/media"])
    expect(await unnamed({ files: [tree(".")] })).toEqual([])
    const all = await found({ files: [] })
    expect(all.map(({ what }) => what.replace(projectDirectory, ""))).toEqual(["", "/media", "/mysql"])
    expect(await unnamed({ files: [], leaveOut: all.map(({ name }) => name) })).toEqual([])
  })
})
