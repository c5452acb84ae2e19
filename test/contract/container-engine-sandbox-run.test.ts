/** What a rehearsal asks of a sandbox: other variables, a start in two parts, and commands in containers of their own. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Sandbox, SandboxRequest } from "../../src/app/ports.ts"
import { HoldfastError } from "../../src/base/errors.ts"
import type { RunContext } from "../../src/base/run-context.ts"
import { Secret } from "../../src/base/secret.ts"
import { command } from "../fixture/docker/command.ts"
import { engineUnderTest, type EngineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { CANARY } from "../fixture/docker/tiny-project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"

const BUSYBOX = "holdfast-test/busybox"
const LIMIT_MS = 120_000

describe("commands in a sandbox", { timeout: LIMIT_MS }, () => {
  useDocker([BUSYBOX])
  let engine: EngineUnderTest
  let directory: string
  beforeAll(() => {
    engine = engineUnderTest()
    directory = mkdtempSync(join(engine.scratchDirectory, "point-"))
    mkdirSync(join(directory, "files"))
    writeFileSync(join(directory, "files/upload"), "an upload\n")
  })
  afterAll(() => engine.remove())

  const waiting = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"]
  const request = (changes: Partial<SandboxRequest> = {}): SandboxRequest => ({
    document: {
      name: "live",
      services: {
        app: {
          image: BUSYBOX,
          command: waiting,
          environment: { PRICE: "5$$", MAIL: "smtp.example" },
          volumes: [{ type: "volume", source: "files", target: "/files" }],
          depends_on: { db: { condition: "service_started" } },
        },
        db: { image: BUSYBOX, command: waiting },
      },
      volumes: { files: { name: "live_files" } },
    },
    projectDirectory: directory,
    images: {},
    volumeDirectories: { live_files: join(directory, "files") },
    bindReplacements: {},
    databaseServices: ["db"],
    directory,
    fillDatabases: async () => undefined,
    ...changes,
  })
  const inSandbox = async <T>(
    changes: Partial<SandboxRequest>,
    use: (sandbox: Sandbox, ctx: RunContext) => Promise<T>,
    ctx = engine.ctx(),
  ): Promise<T> => await engine.docker.sandbox(request(changes), use, ctx)
  const running = async (sandbox: Sandbox): Promise<string[]> => (await sandbox.services(engine.ctx())).map(({ service }) => service)
  const containersOf = async (filter: string): Promise<string[]> =>
    (await command(["docker", "ps", "-a", "--format", "{{.Names}}", "--filter", `label=${filter}`])).split("\n").filter(Boolean)

  it("start with the databases alone when the app is to wait, and the rest when it is told to", async () => {
    await inSandbox({ startApp: false }, async (sandbox, ctx) => {
      expect(await running(sandbox)).toEqual(["db"])
      await sandbox.startRest(ctx)
      expect(await running(sandbox)).toEqual(["app", "db"])
      await sandbox.startRest(ctx)
      expect((await sandbox.services(ctx)).map(({ state }) => state)).toEqual(["running", "running"])
    })
    await inSandbox({}, async (sandbox) => expect(await running(sandbox)).toEqual(["app", "db"]))
  })

  it("and services see other values for the variables that were named, and their own for the rest", async () => {
    const shown = ["sh", "-c", 'echo "$PRICE $MAIL $ADDED"'] as const
    await inSandbox({ environment: { app: { MAIL: "nobody $HOME", ADDED: "it's\nso" }, unknown: { X: "1" } } }, async (sandbox, ctx) => {
      expect((await sandbox.exec("app", shown, {}, ctx)).stdout).toBe("5$ nobody $HOME it's\nso\n")
      expect((await sandbox.run("app", shown, {}, ctx)).stdout).toBe("5$ nobody $HOME it's\nso\n")
    })
  })

  it("run in a container of their own with the service's environment, mounts and network, and give their exit code", async () => {
    await inSandbox({ startApp: false }, async (sandbox, ctx) => {
      const script =
        'cat; echo "$PRICE $ONLY_HERE $(id -u)"; cat /files/upload; echo migrated > /files/new; ping -c 1 db >/dev/null; echo problem >&2; exit 9'
      const options = { environment: { ONLY_HERE: new Secret(`${CANARY} it's $HOME`) }, stdin: { text: "from input\n" } }

      const ended = await sandbox.run("app", ["sh", "-c", script], { ...options, user: "0" }, ctx)

      expect(ended).toEqual({
        exitCode: 9,
        stdout: `from input\n5$ ${CANARY} it's $HOME 0\nan upload\n`,
        stderrTail: "problem",
      })
      expect(readFileSync(join(directory, "files/new"), "utf8")).toBe("migrated\n")
      expect((await sandbox.run("app", ["id", "-u"], { user: "1000" }, ctx)).stdout).toBe("1000\n")
      expect(await running(sandbox)).toEqual(["db"])
      // The file of a run holds what it was given.
      const own = readdirSync(directory).find((name) => name.startsWith("sandbox-")) ?? "none"
      expect(readdirSync(join(directory, own))).toEqual(["compose.json"])
      expect(await containersOf(`com.docker.compose.project=${sandbox.projectName}`)).toEqual([`${sandbox.projectName}-db-1`])
    })
  })

  it("are as shut in as the services: neither the host nor the world is reached", async () => {
    const addresses = (await command(["sh", "-c", "hostname -I"])).trim().split(" ")
    await inSandbox({}, async (sandbox, ctx) => {
      const reach = async (address: string) => (await sandbox.run("app", ["ping", "-c", "1", "-W", "1", address], {}, ctx)).exitCode
      expect(await reach("db")).toBe(0)
      for (const address of [addresses[0] ?? "127.0.0.9", "192.0.2.1"]) expect(await reach(address), address).not.toBe(0)
    })
  })

  it("that take too long or are cancelled are killed and gone", async () => {
    const stubborn = ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"] as const
    await inSandbox({ startApp: false }, async (sandbox, ctx) => {
      const own = `com.docker.compose.project=${sandbox.projectName}`
      await expect(sandbox.run("app", stubborn, { timeoutMs: 8000 }, ctx)).rejects.toMatchObject({ code: "TOOL_TIMEOUT" })
      expect(await containersOf(own)).toHaveLength(1)
      const controller = new AbortController()
      const run = sandbox.run("app", stubborn, {}, { ...ctx, signal: controller.signal })
      run.catch(() => undefined)
      await waitFor(async () => (await containersOf(own)).length === 2)
      controller.abort(new Error("enough"))
      await expect(run).rejects.toThrow("enough")
      expect(await containersOf(own)).toHaveLength(1)
      // Before the engine has made the container at all.
      const early = new AbortController()
      const begun = sandbox.run("app", stubborn, {}, { ...ctx, signal: early.signal })
      early.abort(new Error("sooner"))
      await expect(begun).rejects.toThrow("sooner")
      expect(await containersOf(own)).toHaveLength(1)
    })
  })

  it("carry the operation's label, by which a killed rehearsal is swept, and leave no file", async () => {
    const ctx = engine.ctx()
    await inSandbox(
      { startApp: false },
      async (sandbox) => {
        const run = sandbox.run("app", ["sleep", "600"], {}, ctx)
        run.catch(() => undefined)
        await waitFor(async () => (await containersOf(`holdfast.operation=${ctx.operationId}`)).some((name) => name.includes("-run-")))
        const removed = await engine.docker.removeLeftovers(ctx.operationId, engine.ctx())
        expect(removed.filter((what) => what.includes("-run-"))).toHaveLength(1)
        await expect(run).rejects.toBeInstanceOf(HoldfastError)
      },
      ctx,
    )
    expect(readdirSync(directory)).toEqual(["files"])
  })

  it("of a service or a program that is not there are errors, not exit codes", async () => {
    await inSandbox({ startApp: false }, async (sandbox, ctx) => {
      await expect(sandbox.run("web", ["true"], {}, ctx)).rejects.toMatchObject({
        code: "COMPOSE_SERVICE_MISSING",
        message: "the sandbox has no service web",
      })
      await expect(sandbox.run("app", ["no-such-program"], {}, ctx)).rejects.toMatchObject({
        code: "CONTAINER_FAILED",
        message: "cannot run no-such-program beside service app in the sandbox",
      })
      expect(await sandbox.run("app", ["sh", "-c", "exit 127"], {}, ctx)).toMatchObject({ exitCode: 127 })
    })
  })
})
