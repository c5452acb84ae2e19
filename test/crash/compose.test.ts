/** SIGKILL at the journaled steps of a compose app: what should be up is up, with the restart policies of before, also when the engine restarts in between. */
import { mkdir, readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { backupOutput } from "../../src/contract/output.ts"
import { command } from "../fixture/docker/command.ts"
import { privateDaemon, type PrivateDaemon } from "../fixture/docker/private-dockerd.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { isFullRun } from "../fixture/size.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "../scenario/cli.ts"
import type { CrashMatrix, CrashWorld } from "./harness.ts"
import { expectNothingUnfinished, expectPointsWhole, processesNaming } from "./invariants.ts"
import { walk } from "./matrix.ts"
import { saveWorld, treeDigest, type SavedWorld } from "./plain-world.ts"

/** `idle` was stopped by its operator before: it must stay so. */
const composeText = `
name: crashing
services:
  web: { image: holdfast-test/busybox, network_mode: none, init: true, restart: always, command: [sleep, "100000"], volumes: ["./data:/data"] }
  worker: { image: holdfast-test/busybox, network_mode: none, init: true, restart: "on-failure:3", command: [sleep, "100000"], volumes: ["kept:/kept"] }
  idle: { image: holdfast-test/busybox, network_mode: none, init: true, restart: unless-stopped, command: [sleep, "100000"] }
volumes: { kept: { external: true, name: crashing-kept } }
`
/** A rebuild starts what the project says. */
const ALL_UP = ["idle running unless-stopped", "web running always", "worker running on-failure"]
const AS_IT_WAS = ["idle exited unless-stopped", "web running always", "worker running on-failure"]

let daemon: PrivateDaemon
let directory = ""
let cli: Cli
let world: SavedWorld
let point = ""
let pointState = ""
let liveState = ""

describeNeeding("restic", "docker")("a compose app, killed", () => {
  useDocker(["holdfast-test/busybox"])

  beforeAll(async () => {
    daemon = await privateDaemon(["holdfast-test/busybox"])
    directory = await newDirectory("crash-compose")
    cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state"), environment: { DOCKER_HOST: daemon.host } })
    await mkdir(join(directory, "app/data"), { recursive: true })
    await writeFile(join(directory, "app/data/one.txt"), "one")
    await writeFile(join(directory, "app/compose.yml"), composeText)
    const chat = { compose: "./app/compose.yml", files: { data: { path: "./app/data" } }, images: "never" }
    await writeFile(join(directory, "holdfast.yaml"), JSON.stringify({ vaults: { local: { path: "./vault" } }, apps: { chat } }))
    await docker("volume", "create", "crashing-kept")
    await asItWas()
    point = (await cli.json(backupOutput, ["backup"])).point?.id ?? ""
    expect((await cli.run("verify")).exitCode).toBe(0)
    pointState = await treeDigest(join(directory, "app/data"))
    await writeFile(join(directory, "app/data/two.txt"), "two")
    liveState = await treeDigest(join(directory, "app/data"))
    await compose("down", "--timeout", "0")
    world = await saveWorld(directory)
  })

  afterAll(async () => {
    await daemon.remove()
    await removeTree(directory)
    await world.dispose()
  })

  for (const restarts of isFullRun ? [false, true] : [false]) {
    const between = restarts ? ", and the engine restarts before it is settled" : ""

    it(`in a cold backup${between}: everything is up again as it was`, async () => {
      await walk(
        `backup --cold of a compose app${between}`,
        matrix(restarts, ["backup", "chat", "--cold"], async () => {
          expect(await treeDigest(join(directory, "app/data"))).toBe(liveState)
        }),
        ["stop-app"],
      )
    })

    it(`in a restore${between}: the files are old or new, everything is up again as it was`, async () => {
      await walk(
        `restore of a compose app${between}`,
        matrix(restarts, ["restore", "chat", point, "--yes"], async () => {
          expect([pointState, liveState]).toContain(await treeDigest(join(directory, "app/data")))
        }),
        ["stop-writers", "swap"],
      )
    })
  }

  it("in a rebuild on an empty host: begun again with --over, everything is up with the point's data", async () => {
    const key = "state/keys/local.key"
    const words = ["rebuild", "--vault", "vault", "--key", key, "--app", "chat", point, "--yes", "--over"]
    const all = matrix(false, words, async () => await Promise.resolve())
    await walk(
      "rebuild of a compose app",
      {
        ...all,
        prepare: async () => {
          const prepared = await all.prepare()
          await compose("down", "--timeout", "0")
          await docker("volume", "rm", "crashing-kept")
          for (const name of ["app", "holdfast.yaml"]) await removeTree(join(directory, name))
          return { ...prepared, settleWords: ["operations"] }
        },
        check: async (_world, killedAt) => {
          expectNothingUnfinished(join(directory, "state"))
          if (killedAt !== null) expect((await cli.run(...words)).exitCode).toBe(0)
          await expect.poll(states, { timeout: 60_000 }).toEqual(ALL_UP)
          expect(await treeDigest(join(directory, "app/data"))).toBe(pointState)
          expect(await docker("volume", "ls", "--quiet")).toBe("crashing-kept")
          expect(await readdir(join(directory, "state/scratch"))).toEqual([])
        },
      },
      ["make-external", "start-app"],
    )
  })
})

function matrix(
  restarts: boolean,
  words: readonly string[],
  checkData: () => Promise<void>,
): Omit<CrashMatrix, "phases" | "killSettlingAt"> {
  return {
    prepare: async (): Promise<CrashWorld> => {
      await compose("down", "--timeout", "0")
      await world.reset()
      await asItWas()
      const environment = { HOLDFAST_STATE_DIR: join(directory, "state"), DOCKER_HOST: daemon.host }
      return {
        directory,
        words,
        settleWords: ["points", "chat"],
        environment,
        beforeSettling: restarts ? restartEngine : undefined,
        dispose: async () => await Promise.resolve(),
      }
    },
    check: async () => {
      await expect.poll(states, { timeout: 60_000 }).toEqual(AS_IT_WAS)
      expectNothingUnfinished(join(directory, "state"))
      await checkData()
      expect(await expectPointsWhole(cli, "chat")).toContain(point)
      expect(await docker("ps", "--all", "--quiet", "--filter", "label=holdfast.operation")).toBe("")
      expect(await readdir(join(directory, "state/scratch"))).toEqual([])
      expect(await processesNaming(join(directory, "vault"))).toEqual([])
    },
  }
}

async function restartEngine(): Promise<void> {
  await daemon.stop()
  await daemon.start()
}

async function asItWas(): Promise<void> {
  await compose("up", "--detach")
  await compose("stop", "--timeout", "0", "idle")
}

async function compose(...words: readonly string[]): Promise<void> {
  await command(["docker-compose", "--host", daemon.host, "--ansi", "never", "--file", join(directory, "app/compose.yml"), ...words])
}

async function docker(...words: readonly string[]): Promise<string> {
  return (await command(["docker", "--host", daemon.host, ...words])).trim()
}

async function states(): Promise<readonly string[]> {
  const ids = (await docker("ps", "--all", "--quiet")).split("\n").filter((id) => id !== "")
  const format = '{{index .Config.Labels "com.docker.compose.service"}} {{.State.Status}} {{.HostConfig.RestartPolicy.Name}}'
  return ids.length === 0 ? [] : (await docker("inspect", "--format", format, ...ids)).split("\n").toSorted()
}
