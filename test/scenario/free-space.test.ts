/** What a restore kept for undo: measured, released on request, and released by itself after a backup once its time is over. */
import { mkdir, readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { setTimeout as pause } from "node:timers/promises"
import { backupOutput, restoreOutput } from "../../src/contract/output.ts"
import { freeSpaceOutput } from "../../src/contract/output-host.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { makeChat } from "../fixture/sqlite/chat.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"
import { cliIn } from "./cli.ts"

const SIX_MINUTES_MS = 360_000

async function reached(instant: string): Promise<void> {
  while (Date.now() <= Date.parse(instant)) await pause(50)
}

describeNeeding("restic", "sqlite3")("kept states", () => {
  it(
    "are planned with bytes, go after confirmation, and go by themselves after a backup when their window has closed",
    async () => {
      const directory = await temporaryDirectory("free-space")
      const data = join(directory, "data")
      await mkdir(data)
      makeChat(join(data, "chat.db"), { messages: 300 })
      await writeFile(
        join(directory, "holdfast.yaml"),
        `vaults: { local: { path: ./vault } }\napps: { chat: { databases: { main: { sqlite: ./data/chat.db } }, secrets: [], run: { stop: ["true"], start: ["true"] } } }\n`,
      )
      const cli = cliIn({ cwd: directory, stateDirectory: join(directory, "state") })
      await cli.json(backupOutput, ["backup"])
      const kept = async (): Promise<number> => (await readdir(data)).filter((name) => /kept-\d{8}t\d{6}-[0-9a-f]{6}$/.test(name)).length

      const open = await cli.json(restoreOutput, ["restore", "chat", "latest", "--yes"])
      const first = await cli.json(restoreOutput, ["restore", "chat", "latest", "--keep", "1s", "--yes"])
      expect(await kept()).toBe(2)
      await reached(first.keptUntil)
      const plan = await cli.json(freeSpaceOutput, ["doctor", "--free-space", "--plan"])
      const states = plan.items.filter((item) => item.kind === "kept-state")
      expect(states.map(({ subject, remove }) => ({ subject, remove }))).toEqual([
        { subject: open.operationId, remove: false },
        { subject: first.operationId, remove: true },
      ])
      expect(states.every((item) => (item.sizeBytes ?? 0) > 10_000)).toBe(true)
      expect(plan.freedBytes).toBe(states[1]?.sizeBytes)
      expect(await kept()).toBe(2)

      expect(await cli.error("doctor", "--free-space")).toMatchObject({
        code: "CONFIRMATION_NEEDED",
        why: "Remove these 1 of chat for good?",
      })
      expect((await cli.json(freeSpaceOutput, ["doctor", "--free-space", "--yes"])).removed).toEqual([first.operationId])
      expect(await kept()).toBe(1)
      expect((await cli.error("undo", first.operationId, "--yes")).code).toBe("UNDO_UNAVAILABLE")

      const second = await cli.json(restoreOutput, ["restore", "chat", "latest", "--keep", "1s", "--yes"])
      await reached(second.keptUntil)
      const backup = await cli.run("backup")
      expect(backup.stdout).toContain(`released what operation ${second.operationId} had kept for undo; its time was over`)
      expect(await kept()).toBe(1)
      expect((await cli.run("undo", open.operationId, "--yes")).exitCode).toBe(0)
    },
    SIX_MINUTES_MS,
  )
})
