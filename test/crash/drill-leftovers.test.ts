/** A drill that is killed while its throwaway server runs: the next command leaves nothing of it. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { backupOutput } from "../../src/contract/output.ts"
import { startCluster, SUPERUSER_PASSWORD, type Cluster } from "../fixture/postgres/cluster.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, describeRun, type StartedCli } from "../scenario/cli.ts"

const LIMIT_MS = 240_000
const SCRATCH = /^holdfast-scratch-(.+)-[^-]+$/

let cluster: Cluster
let directory: string

beforeAll(async () => {
  cluster = await startCluster()
  directory = await newDirectory("drill-leftovers")
}, LIMIT_MS)

afterAll(async () => {
  await cluster.stop()
  await removeTree(directory)
}, LIMIT_MS)

it(
  "settling removes the throwaway server of a killed drill",
  async () => {
    await cluster.sql("postgres", "CREATE DATABASE chat")
    await cluster.sql("chat", "CREATE TABLE message AS SELECT n AS id, repeat('x', 300) AS body FROM generate_series(1, 5000) n")
    await mkdir(join(directory, "state"))
    await writeFile(
      join(directory, "holdfast.yaml"),
      `vaults:\n  local: { path: ${join(directory, "vault")} }\napps:\n  chat:\n    databases: { main: { url: "env:APP_DATABASE_URL" } }\n`,
    )
    const address = `postgres://admin:${SUPERUSER_PASSWORD}@127.0.0.1:${cluster.port}/chat`
    const cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state"), environment: { APP_DATABASE_URL: address } })
    await cli.json(backupOutput, ["backup"])

    const drill = cli.start("drill", "chat")
    const operationId = await serverOf(drill)
    drill.kill("SIGKILL")
    await drill.done
    expect(await scratchOperations()).toContain(operationId)
    const settled = await cli.run("backup")

    expect(settled.exitCode, describeRun(["backup"], settled)).toBe(0)
    expect(await scratchOperations()).not.toContain(operationId)
  },
  LIMIT_MS,
)

async function scratchOperations(): Promise<readonly string[]> {
  return (await readdir("/var/tmp")).flatMap((name) => SCRATCH.exec(name)?.[1] ?? [])
}

/** Waits until this drill's own server has its data, told from others of this machine by its parent; gives its operation. */
async function serverOf(drill: StartedCli): Promise<string> {
  let over = false
  void drill.done.then(() => (over = true))
  for (;;) {
    if (over) throw new Error(describeRun(["drill"], await drill.done))
    for (const name of await readdir("/var/tmp")) {
      const id = SCRATCH.exec(name)?.[1]
      const [server = ""] = (await textOf(join("/var/tmp", name, "data/postmaster.pid"))).split("\n")
      if (
        id !== undefined &&
        server !== "" &&
        new RegExp(`^PPid:\\s+${drill.processId}$`, "m").test(await textOf(`/proc/${server}/status`))
      )
        return id
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function textOf(path: string): Promise<string> {
  return await readFile(path, "utf8").catch(() => "")
}
