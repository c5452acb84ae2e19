/**
 * A stack as people write them: files that are included, anchors, env files, a cache that has to be there first, a service that lives in another's
 * network, a job that has ended. Set up by `init`, then saved cold, proven, updated and taken back.
 */
import { createHash } from "node:crypto"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join, relative } from "node:path"
import { afterAll, beforeAll, expect } from "vitest"
import { drillOutput } from "../../src/contract/output.ts"
import { doctorOutput } from "../../src/contract/output-host.ts"
import { showOutput } from "../../src/contract/output-points.ts"
import { statusOutput } from "../../src/contract/output-posture.ts"
import { manifestSchema } from "../../src/recovery-point/manifest.ts"
import { rollbackOutput, updateOutput, updatePlanOutput } from "../../src/contract/output-update.ts"
import { buildImage } from "../fixture/docker/build.ts"
import { command, tryCommand } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"
import { storySteps } from "./story.ts"
import { startVendor, type Vendor } from "./vendor.ts"

const CACHE = `
services:
  cache:
    image: holdfast-test/busybox
    env_file: cache.env
    stop_grace_period: 20s
    command:
      - sh
      - -c
      - trap 'rm -f /state/up; exit 0' TERM; sleep 1; touch /state/up; while :; do sleep 0.1; done
    healthcheck: { test: [CMD, test, -e, /state/up], interval: 500ms, retries: 60 }
    volumes: ["../state:/state"]
`

/** `api` ends at once when the cache is not there, and remembers that it did. */
const START =
  "[ -e /state/up ] || { echo alone >> /state/complaints; exit 1; }; sha256sum < /run/secrets/key | grep -q $$KEY_SUM || { echo key >> /state/complaints; exit 1; }; exec node --disable-warning=ExperimentalWarning app.mjs web"

/** The key is handed over as the value of a variable; `api` does not start on another one. */
const KEY = "a key, 'quoted' and $dear"

function stack(repository: string, made: string, edge: string): string {
  return `
include: [parts/cache.yml]
x-app: &app
  image: ${repository}:\${SHOP_VERSION:-1.0.0}
  env_file: [conf/app.env]
  volumes: ["data:/data", "uploads:/uploads", "./state:/state", "./conf/motd:/etc/motd:ro"]
services:
  api:
    <<: *app
    restart: unless-stopped
    command: [bash, -c, "${START}"]
    healthcheck: { test: [CMD, bash, healthy], interval: 1s, start_period: 5s }
    networks: [default, edge]
    secrets: [key]
    depends_on:
      cache: { condition: service_healthy }
      prepare: { condition: service_completed_successfully }
  worker:
    <<: *app
    command: [node, --disable-warning=ExperimentalWarning, app.mjs, worker]
    depends_on: [api]
  beside: { image: ${made}, init: true, command: [sleep, "100000"], network_mode: "service:api" }
  prepare: { image: holdfast-test/busybox, command: ["true"] }
  proxy: { image: holdfast-test/busybox, init: true, command: [sleep, "100000"], network_mode: host }
networks: { edge: { external: true, name: ${edge} } }
secrets: { key: { environment: KEY } }
volumes: { data: {}, uploads: {} }
`
}

describeNeeding(
  "docker",
  "root",
  "restic",
  "registry",
)("a stack with included files, a cache and a service in another's network", () => {
  useDocker(["holdfast-test/versioned-app", "holdfast-test/busybox"])
  const step = storySteps()

  let directory: string
  let vendor: Vendor
  let cli: Cli
  let project = ""
  let made = ""
  const at = (name: string): string => join(directory, "stack", name)
  const compose = async (...words: readonly string[]): Promise<string> =>
    await command(["docker-compose", "--ansi", "never", "--file", at("compose.yml"), ...words], { cwd: at("") })

  beforeAll(async () => {
    directory = await newDirectory("stack")
    vendor = await startVendor(directory)
    for (const name of ["", "parts", "conf", "state", "../state-of-ours"]) await mkdir(at(name), { recursive: true })
    await writeFile(at("parts/cache.yml"), CACHE)
    await writeFile(at("parts/cache.env"), "SIZE=1\n")
    const sum = createHash("sha256").update(KEY).digest("hex")
    await writeFile(at(".env"), `KEY='${KEY.replaceAll("'", String.raw`\'`)}'\n`, { mode: 0o600 })
    await writeFile(at("conf/app.env"), `DATABASE_FILE=/data/shop.db\nTELL_URL=\nKEY_SUM=${sum}\n`)
    await writeFile(at("conf/motd"), "welcome\n")
    await writeFile(at("state/since"), "the beginning\n")
    project = `stack${directory
      .slice(-6)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, "0")}`
    made = `${project}-beside`
    await writeFile(at("compose.yml"), `name: ${project}\n${stack(vendor.images.repository, made, `${project}-edge`)}`)
    await buildImage(["docker", "build", "--quiet", "--tag", made, "-"], { input: `FROM holdfast-test/busybox\nLABEL of=${project}\n` })
    await vendor.images.push("1.0.0")
    await compose("pull", "--quiet", "api")
    await command(["docker", "network", "create", `${project}-edge`])
    await compose("up", "--detach", "--wait", "api", "beside", "worker", "proxy")
    cli = cliIn({ cwd: at(""), stateDirectory: at("../state-of-ours") })
  })

  afterAll(async () => {
    await compose("down", "--volumes", "--timeout", "0")
    await tryCommand(["docker", "network", "rm", `${project}-edge`])
    await tryCommand(["docker", "image", "rm", made])
    await vendor.dispose()
    await removeTree(directory)
  })

  /** Service → image by its tag, for those that run. */
  async function running(): Promise<Readonly<Record<string, string>>> {
    const lines = (await compose("ps", "--format", "{{.Service}} {{.Image}}")).trim().split("\n")
    const entries = lines
      .map((line) => line.split(" "))
      .map(([service = "", image = ""]) => [service, image.replace(/^.*\/app:|@.*$/g, "")] as const)
    return Object.fromEntries(entries)
  }

  async function must(...words: readonly string[]): Promise<void> {
    const ended = await cli.run(...words)
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0 })
  }

  const complaints = async (): Promise<string> => await readFile(at("state/complaints"), "utf8").catch(() => "")
  const old = () => ({ api: "1.0.0", beside: made, cache: "holdfast-test/busybox", proxy: "holdfast-test/busybox", worker: "1.0.0" })

  step("is set up with all that it reads", async () => {
    const ended = await cli.run("init", "--compose", at("compose.yml"), "--name", "shop")
    expect(ended).toMatchObject({ exitCode: 0 })
    expect(ended.stdout).toContain("note: no sandbox can have proxy (it uses the host's network);")
    const written = await readFile(at("holdfast.yaml"), "utf8")
    expect(written).toContain("    # sandbox: { without: [proxy] }\n")
    const updates = `    updates: { source: registry, services: [api, worker], minimumAge: 0s, stability: 2s, timeout: 20s }\n`
    await writeFile(at("holdfast.yaml"), `${written.replace("/var/backups/holdfast", at("../vault"))}${updates}`)
  })

  step("is told of a volume that its settings do not name, and of nothing else that it writes to", async () => {
    const unnamed = async (): Promise<readonly string[]> => {
      const { findings } = await cli.json(doctorOutput, ["doctor"], 3)
      return findings.filter(({ check }) => check.startsWith("unnamed")).map(({ what }) => what)
    }
    const written = await readFile(at("holdfast.yaml"), "utf8")
    expect(await unnamed()).toEqual([])
    await writeFile(at("holdfast.yaml"), written.replace(/^ +uploads: .*\n/m, ""))

    expect(await unnamed()).toEqual([
      `volume ${project}_uploads, which api, worker use, is not named in the settings: its points do not hold it`,
    ])
    await writeFile(
      at("holdfast.yaml"),
      written.replace(/^( +)uploads: .*\n/m, "").replace(/^( +)schedules:/m, "$1leaveOut: [uploads]\n$&"),
    )
    expect(await unnamed()).toEqual([])
    await writeFile(at("holdfast.yaml"), written)
  })

  step("is saved while it stands still, and comes up in the order that it needs", async () => {
    const { exitCode, stderr } = await cli.run("backup", "--cold")

    expect(exitCode).toBe(0)
    // Nobody waits for an image to be saved while the app is away.
    const begun = stderr.split("\n").filter((line) => /^(save an image|stop the app|start the app)/.test(line))
    expect([...new Set(begun)]).toEqual(["save an image", "stop the app", "start the app again"])
    expect(begun.at(-2)).toBe("stop the app")
    const shown = await cli.json(showOutput, ["show", "shop", "latest"])
    const manifest = manifestSchema.parse(shown.manifest)
    const paths = manifest.parts.flatMap((part) => ("paths" in part ? part.paths.map(({ path }) => path) : []))
    expect(paths.map((path) => relative(at(""), path)).toSorted()).toEqual([
      ".env",
      "compose.yml",
      "conf/app.env",
      "conf/motd",
      "holdfast.yaml",
      "parts/cache.env",
      "parts/cache.yml",
    ])
    expect(shown.id).toMatch(/-1\.0\.0$/)
    expect(await running()).toEqual(old())
    expect(await complaints()).toBe("")
  })

  step("is not booted in a sandbox with what no sandbox can have, and without it when somebody says so", async () => {
    const refused = await cli.error("drill", "--level", "booted")
    expect(refused).toMatchObject({ code: "SANDBOX_REFUSED", what: "service proxy cannot run in a sandbox: it uses the host's network" })
    const written = await readFile(at("holdfast.yaml"), "utf8")
    await writeFile(at("holdfast.yaml"), written.replace("# sandbox: { without: [proxy] }", "sandbox: { without: [proxy, gone] }"))
  })

  step("starts from its point alone, with the files that it includes and the key of its .env", async () => {
    const drill = await cli.json(drillOutput, ["drill", "--level", "booted"])
    expect(drill).toMatchObject({ passed: true })
    expect(drill.warnings).toContain("booted without proxy, as the settings say")
    const { proofs } = await cli.json(showOutput, ["show", "shop", "latest"])
    expect((await cli.run("show", "shop", "latest")).stdout).toMatch(/^warning: booted by \S+: booted without proxy, as the settings say$/m)
    expect(proofs.find(({ level }) => level === "booted")?.details).toMatchObject({ warnings: drill.warnings })
  })

  step("is not protected, and a rollback would not bring everything back, while its points do not hold that volume", async () => {
    const written = await readFile(at("holdfast.yaml"), "utf8")
    await writeFile(at("holdfast.yaml"), written.replace(/^ +uploads: .*\n/m, ""))
    expect(await cli.run("backup")).toMatchObject({ exitCode: 0 })
    await cli.json(drillOutput, ["drill", "--level", "restored"])
    const reasons = async (exitCode: number): Promise<readonly string[]> =>
      (await cli.json(statusOutput, ["status"], exitCode)).apps.flatMap((app) => app.reasons)
    expect(await reasons(4)).toEqual([`no recovery point holds volume ${project}_uploads`])
    await vendor.images.push("1.1.0")
    const { plan } = await cli.json(updatePlanOutput, ["update", "plan", "shop"])
    expect(plan?.unnamed).toEqual([`volume ${project}_uploads`])
    expect(plan?.warnings).toContain(
      `no point holds volume ${project}_uploads, for the settings do not name it: a rollback does not take it back`,
    )

    await writeFile(at("holdfast.yaml"), written.replace(/^ +uploads: .*\n/m, "").replace(/^( +)schedules:/m, "$1leaveOut: [uploads]\n$&"))
    expect(await reasons(0)).toEqual([])
    await writeFile(at("holdfast.yaml"), written)
    expect(await reasons(0)).toEqual([])
  })

  step("is updated with what lives in the network of what is made anew, after the cache that it needs", async () => {
    const { plan } = await cli.json(updatePlanOutput, ["update", "plan", "shop", "--rehearse"])
    expect(plan?.unnamed).toEqual([])
    expect(plan?.services).toEqual(["api", "beside", "worker"])
    expect(plan?.predictedDowntimeMs).toBeLessThan(30_000)
    expect(plan?.warnings).toContain("the rehearsal does without proxy, as the settings say")

    expect(await cli.json(updateOutput, ["update", "apply", "shop", "--yes"])).toMatchObject({
      applied: [{ outcome: "applied", to: "1.1.0" }],
    })

    expect(await running()).toEqual({ ...old(), api: "1.1.0", worker: "1.1.0" })
    expect(await complaints()).toBe("")
  })

  step("is taken back, and is then what its files say", async () => {
    await cli.json(rollbackOutput, ["update", "rollback", "shop", "--yes"])

    expect(await running()).toEqual(old())
    expect(await complaints()).toBe("")
    expect((await cli.json(updatePlanOutput, ["update", "plan", "shop", "--again"])).plan?.to.version).toBe("1.1.0")
  })

  step("comes back on a host that has nothing of it, in the order that it needs, with the image that nobody else has", async () => {
    await must("backup", "--cold")
    const passphrase = ["--passphrase-file", join(directory, "passphrase")]
    await writeFile(join(directory, "passphrase"), "correct horse battery staple\n")
    await must("kit", "--encrypted", join(directory, "kit.age"), ...passphrase)
    await compose("down", "--volumes")
    await command(["docker", "network", "rm", `${project}-edge`])
    await command(["docker", "image", "rm", made])
    for (const name of ["", "../state-of-ours"]) await removeTree(at(name))

    const host = cliIn({ cwd: directory, stateDirectory: join(directory, "new-host") })
    const ended = await host.run("rebuild", "--kit", join(directory, "kit.age"), ...passphrase, "--yes")

    expect(ended, ended.stderr).toMatchObject({ exitCode: 0 })
    expect(ended.stderr).toContain(`network ${project}-edge is not the project's own and was not there`)
    expect(await running()).toEqual(old())
    expect(await complaints()).toBe("")
    expect(await readFile(at("conf/motd"), "utf8")).toBe("welcome\n")
    const next = await host.run("backup", "--config", at("holdfast.yaml"))
    expect(next, next.stderr).toMatchObject({ exitCode: 0 })
  })
})
