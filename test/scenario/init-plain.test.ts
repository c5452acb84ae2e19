/** A program that is no compose project: its settings come from what lies in its folder, and the first point needs nothing else. */
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { backupOutput } from "../../src/contract/output.ts"
import { initOutput } from "../../src/contract/output-host.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { makeChat } from "../fixture/sqlite/chat.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"
import { cliIn } from "./cli.ts"

describeNeeding("restic")("init for a plain program", () => {
  it("finds its SQLite file, folders and secrets, says what it leaves out and does not know; the first point holds all of it", async () => {
    const directory = join(await temporaryDirectory("init-plain"), "chat")
    for (const name of ["data", "uploads", "secrets", "node_modules/lib"]) await mkdir(join(directory, name), { recursive: true })
    makeChat(join(directory, "data/chat.db"), { messages: 20 })
    makeChat(join(directory, "node_modules/lib/example.db"), { messages: 1 })
    await writeFile(join(directory, "uploads/one.txt"), "one")
    await writeFile(join(directory, "secrets/key"), "canary-plain-77")
    await writeFile(join(directory, ".env"), "TOKEN=canary-plain-78\n")
    const cli = cliIn({ cwd: directory, stateDirectory: join(directory, "../state") })

    const made = await cli.json(initOutput, ["init", "--vault-path", join(directory, "../vault")])

    expect(made.report).toEqual([
      "app chat: a plain program in chat/, because there is no compose file",
      "database main: sqlite; its first bytes are those of a SQLite database",
      `files data: ${directory}/data, used by chat`,
      `files uploads: ${directory}/uploads, used by chat`,
      `secret ${directory}/secrets`,
      `secret ${directory}/.env`,
      "left out: folder node_modules/ looks like the program itself, which is installed again; name it under `files` if it holds data",
      "not known: how the program stops and starts: without `run` a restore is refused while anyone is connected, and `--cold` cannot be used",
      "not known: no health check was found; without `health` a restore cannot be judged by it",
    ])
    expect(await readFile(join(directory, "holdfast.yaml"), "utf8")).toContain("# run: { stop:")
    const { point } = await cli.json(backupOutput, ["backup"])
    expect(point?.parts.map(({ part }) => part)).toEqual(["database:main", "files:data", "files:uploads", "secrets", "configuration"])
  })

  it("refuses a folder in which there is nothing of an app, and a compose file that is not there", async () => {
    const directory = await temporaryDirectory("init-plain")
    const cli = cliIn({ cwd: directory, stateDirectory: `${directory}-state` })
    const refused = { code: "COMPOSE_INVALID", what: `there is no compose file in ${directory}` }
    expect(await cli.error("init")).toMatchObject(refused)
    await mkdir(join(directory, "uploads"))
    expect(await cli.error("init", "--compose", ".")).toMatchObject(refused)
  })
})
