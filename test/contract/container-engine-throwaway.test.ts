import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { Secret } from "../../src/base/secret.ts"
import { command } from "../fixture/docker/command.ts"
import { engineUnderTest, type EngineUnderTest } from "../fixture/docker/engine-under-test.ts"
import { CANARY, tinyProject, twoServices, type TinyProject } from "../fixture/docker/tiny-project.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"

const BUSYBOX = "holdfast-test/busybox"

describe("container engine: what is thrown away and what is kept", () => {
  useDocker([BUSYBOX, "holdfast-test/debian:bookworm"])
  let engine: EngineUnderTest
  beforeAll(() => {
    engine = engineUnderTest()
  })
  afterAll(() => engine.remove())

  const running = async (): Promise<TinyProject> => {
    const project = tinyProject(engine.scratchDirectory, twoServices)
    onTestFinished(project.remove)
    await project.up()
    return project
  }
  const idOf = async (project: TinyProject, service: string): Promise<string> => {
    const states = await engine.docker.services(project.compose.projectName, engine.ctx())
    return states.find((state) => state.service === service)?.containerId ?? "none"
  }

  describe("helper", () => {
    const helper = { image: BUSYBOX, network: "none", binds: [], environment: {} } as const
    const labelled = async (operationId: string): Promise<string> =>
      await command(["docker", "ps", "-aq", "--filter", `label=holdfast.operation=${operationId}`])

    it("reads and writes descriptors, sees its binds, gives its own exit code and is gone afterwards", async () => {
      const ctx = engine.ctx()
      const directory = join(engine.scratchDirectory, 'with, comma and "quote"')
      mkdirSync(directory)
      writeFileSync(join(directory, "in"), "from a file\n")
      const stdin = openSync(join(directory, "in"), "r")
      const stdout = openSync(join(directory, "out"), "w")
      const result = await engine.docker.runHelper(
        {
          ...helper,
          argv: ["sh", "-c", "cat; cat /mnt/in; touch /mnt/new 2>/dev/null; exit 9"],
          binds: [{ hostPath: directory, target: "/mnt", readOnly: true }],
          stdin: { fd: stdin },
          stdout: { fd: stdout },
        },
        ctx,
      )
      closeSync(stdin)
      closeSync(stdout)
      expect(result).toMatchObject({ exitCode: 9, stdout: "" })
      expect(readFileSync(join(directory, "out"), "utf8")).toBe("from a file\nfrom a file\n")
      expect(readdirSync(directory).toSorted()).toEqual(["in", "out"])
      expect(await labelled(ctx.operationId)).toBe("")
    })

    it("gets secrets that neither docker inspect nor any argument list shows", async () => {
      const ctx = engine.ctx()
      const environment = { PLAIN: "visible", PASSWORD: new Secret(`${CANARY} it's\ntwo lines`) }
      const argv = ["sh", "-c", 'echo started; read line; echo "$PLAIN $PASSWORD"'] as const
      const fifo = join(engine.scratchDirectory, "answer")
      await command(["mkfifo", fifo])
      const input = openSync(fifo, "r+")
      onTestFinished(() => closeSync(input))
      const run = engine.docker.runHelper({ ...helper, argv, environment, user: "1000", stdin: { fd: input } }, ctx)
      await waitFor(async () => (await command(["docker", "ps", "-q", "--filter", `label=holdfast.operation=${ctx.operationId}`])) !== "")
      const id = (await labelled(ctx.operationId)).trim()
      const shown =
        (await command(["docker", "inspect", id])) + (await command(["sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"]))
      writeFileSync(fifo, "go\n")
      expect((await run).stdout).toBe(`started\nvisible ${CANARY} it's\ntwo lines\n`)
      expect(shown).toContain("visible")
      expect(shown).not.toContain(CANARY)
    })

    it("that is cancelled or takes too long is removed", async () => {
      const controller = new AbortController()
      const ctx = engine.ctx({ signal: controller.signal })
      const run = engine.docker.runHelper({ ...helper, argv: ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"] }, ctx)
      run.catch(() => undefined)
      await waitFor(async () => (await labelled(ctx.operationId)) !== "")
      controller.abort(new Error("enough"))
      await expect(run).rejects.toThrow("enough")
      expect(await labelled(ctx.operationId)).toBe("")
      const late = engine.ctx()
      await expect(engine.docker.runHelper({ ...helper, argv: ["sleep", "100"], timeoutMs: 500 }, late)).rejects.toMatchObject({
        code: "TOOL_TIMEOUT",
      })
      expect(await labelled(late.operationId)).toBe("")
    })

    it("whose image is not here, or whose program is not in it, is an error of its own", async () => {
      await expect(engine.docker.runHelper({ ...helper, image: "no/such-image", argv: ["true"] }, engine.ctx())).rejects.toMatchObject({
        code: "IMAGE_MISSING",
        message: "cannot create a helper container of no/such-image",
      })
      await expect(engine.docker.runHelper({ ...helper, argv: ["no-such-program"] }, engine.ctx())).rejects.toMatchObject({
        code: "CONTAINER_FAILED",
      })
    })

    it("joins another container's network", async () => {
      const project = await running()
      const id = await idOf(project, "web")
      const inside = await engine.docker.exec(id, ["hostname", "-i"], {}, engine.ctx())
      const result = await engine.docker.runHelper({ ...helper, network: `container:${id}`, argv: ["ip", "-4", "addr"] }, engine.ctx())
      expect(result.stdout).toContain(inside.stdout.trim())
    })

    it("left behind by a killed Holdfast is removed with networks and volumes of the operation, and nothing else", async () => {
      const ctx = engine.ctx()
      const label = `holdfast.operation=${ctx.operationId}`
      const name = `left-${ctx.operationId}`
      await command(["docker", "volume", "create", "--label", label, name])
      await command(["docker", "network", "create", "--label", label, name])
      await command([
        "docker",
        "run",
        "-d",
        "--name",
        name,
        "--label",
        label,
        "--network",
        name,
        "-v",
        `${name}:/d`,
        BUSYBOX,
        "sleep",
        "100",
      ])
      const other = engine.ctx()
      await command(["docker", "volume", "create", "--label", `holdfast.operation=${other.operationId}`, `other-${other.operationId}`])
      expect(await engine.docker.leftovers?.(ctx)).toContainEqual({ operationId: ctx.operationId, name })
      expect(await engine.docker.removeLeftovers(ctx.operationId, ctx)).toEqual([`container ${name}`, `network ${name}`, `volume ${name}`])
      expect(await engine.docker.removeLeftovers(ctx.operationId, ctx)).toEqual([])
      expect(await engine.docker.removeLeftovers(other.operationId, other)).toEqual([`volume other-${other.operationId}`])
    })
  })

  describe("volumes", () => {
    it("are found where their data is, by what a container sees", async () => {
      const project = await running()
      const name = `${project.compose.projectName}_data`
      await engine.docker.exec(await idOf(project, "web"), ["sh", "-c", "echo here > /data/file"], {}, engine.ctx())
      const place = await engine.docker.volumePath(name, engine.ctx())
      expect(place?.visible).toBe(true)
      expect(readFileSync(join(place?.hostPath ?? "", "file"), "utf8")).toBe("here\n")
      await engine.docker.stopServices(project.compose.projectName, ["web"], 1, engine.ctx())
      expect((await engine.docker.volumePath(name, engine.ctx()))?.visible).toBe(true)
      expect(await engine.docker.volumePath("no-such-volume", engine.ctx())).toBeNull()
    })

    it("that are a bind in disguise are read where they really are; ones that are mounted on demand are not visible", async () => {
      const directory = join(engine.scratchDirectory, "really-here")
      mkdirSync(directory)
      const names = ["bind", "nfs"].map((kind) => `${kind}-${engine.ctx().operationId}`)
      const [bind = "", nfs = ""] = names
      await command(["docker", "volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", `device=${directory}`, bind])
      await command(["docker", "volume", "create", "--opt", "type=nfs", "--opt", "o=addr=192.0.2.1", "--opt", "device=:/x", nfs])
      onTestFinished(async () => void (await command(["docker", "volume", "rm", bind, nfs])))
      expect(await engine.docker.volumePath(bind, engine.ctx())).toEqual({ hostPath: directory, visible: true })
      expect(await engine.docker.volumePath(nfs, engine.ctx())).toMatchObject({ visible: false })
    })

    it("and networks that somebody else was to make are made once", async () => {
      const name = `made-${engine.ctx().operationId}`
      onTestFinished(async () => void (await command(["docker", "network", "rm", name])))

      expect(await engine.docker.createNetwork?.(name, engine.ctx())).toBe(true)
      expect(await engine.docker.createNetwork?.(name, engine.ctx())).toBe(false)
      expect((await command(["docker", "network", "ls", "--filter", `name=${name}`, "--format", "{{.Driver}}"])).trim()).toBe("bridge")
    })

    it("are created with labels", async () => {
      const name = `made-${engine.ctx().operationId}`
      await engine.docker.createVolume(name, { "com.docker.compose.volume": "data" }, engine.ctx())
      onTestFinished(async () => void (await command(["docker", "volume", "rm", name])))
      expect(await command(["docker", "volume", "inspect", "--format", "{{json .Labels}}", name])).toContain(
        '"com.docker.compose.volume":"data"',
      )
    })
  })

  describe("images", () => {
    const made = async (): Promise<{ tag: string; id: string }> => {
      const tag = `holdfast-test-round/${engine.ctx().operationId}:1.0`
      await command(["docker", "build", "--tag", tag, "-"], {
        input: `FROM ${BUSYBOX}\nLABEL unique=${tag}\n`,
        environment: { DOCKER_BUILDKIT: "0" },
      })
      onTestFinished(async () => void (await command(["sh", "-c", `docker rmi -f ${tag} >/dev/null 2>&1 || true`])))
      return { tag, id: (await command(["docker", "image", "inspect", "--format", "{{.Id}}", tag])).trim() }
    }
    const saved = async (id: string): Promise<string> => {
      const path = join(engine.scratchDirectory, `${id.slice(7, 19)}.tar`)
      const fd = openSync(path, "w")
      await engine.docker.saveImage(id, { fd, path }, engine.ctx())
      closeSync(fd)
      return path
    }

    it("survive being saved, removed and loaded, with the same id and their tag", async () => {
      const { tag, id } = await made()
      const path = await saved(id)
      await command(["docker", "rmi", "-f", tag])
      expect(await engine.docker.imagePresent(tag, engine.ctx())).toBe(false)
      expect(await engine.docker.imagePresent(id, engine.ctx())).toBe(false)
      const fd = openSync(path, "r")
      await engine.docker.loadImage({ fd, path }, id, tag, engine.ctx())
      closeSync(fd)
      expect(await engine.docker.imagePresent(tag, engine.ctx())).toBe(true)
      expect((await command(["docker", "image", "inspect", "--format", "{{.Id}}", tag])).trim()).toBe(id)
    })

    it("can be given another name while they are here", async () => {
      const { tag, id } = await made()
      await command(["docker", "rmi", "-f", `${tag}-kept`]).catch(() => undefined)
      await engine.docker.tagImage(id, `${tag}-kept`, engine.ctx())
      expect(await engine.docker.imagePresent(`${tag}-kept`, engine.ctx())).toBe(true)
      await engine.docker.untagImage(`${tag}-kept`, engine.ctx())
      await engine.docker.untagImage(`${tag}-kept`, engine.ctx())
      expect(await engine.docker.imagePresent(`${tag}-kept`, engine.ctx())).toBe(false)
      expect((await command(["docker", "image", "inspect", "--format", "{{.Id}}", tag])).trim()).toBe(id)
      await expect(engine.docker.tagImage("no/such:image", "x:1", engine.ctx())).rejects.toMatchObject({ code: "IMAGE_MISSING" })
    })

    it("that are another one, or cut short, are not taken for it", async () => {
      const { id } = await made()
      const path = await saved(id)
      const another = `sha256:${"0".repeat(64)}`
      const first = openSync(path, "r")
      await expect(engine.docker.loadImage({ fd: first, path }, another, "x:1", engine.ctx())).rejects.toMatchObject({
        code: "FILES_DIFFER",
        message: `the archive does not hold image ${another}`,
      })
      closeSync(first)
      await command(["docker", "rmi", "-f", id])
      truncateSync(path, Math.floor(statSync(path).size / 2))
      const second = openSync(path, "r")
      await expect(engine.docker.loadImage({ fd: second, path }, id, "x:1", engine.ctx())).rejects.toMatchObject({ code: "TOOL_FAILED" })
      closeSync(second)
      await expect(engine.docker.saveImage(another, { fd: 1, path: "" }, engine.ctx())).rejects.toMatchObject({ code: "IMAGE_MISSING" })
    })
  })
})
