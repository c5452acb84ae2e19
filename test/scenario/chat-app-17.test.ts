/** A chat on PostgreSQL 17: parts of a point alone, beside and as stock files; and a restore over a migration that came later. */
import { createReadStream } from "node:fs"
import { readdir, readFile, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { afterAll, beforeAll, expect } from "vitest"
import { z } from "zod"
import { backupOutput, drillOutput, restoreOutput } from "../../src/contract/output.ts"
import { initOutput } from "../../src/contract/output-host.ts"
import { command } from "../fixture/docker/command.ts"
import { useDocker } from "../fixture/docker/use-docker.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { chatWorld, leftovers, stateOf, treeOf, uploadsDirectory, type ChatState, type ChatWorld } from "./chat-world.ts"
import { storySteps } from "./story.ts"

const undoOutput = z.object({ format: z.literal("holdfast.undo"), undone: z.string() })
const writtenOutput = z.object({ point: z.string(), files: z.array(z.object({ part: z.string(), path: z.string() })) })

describeNeeding(
  "docker",
  "root",
  "restic",
  "postgres",
)("a chat application on PostgreSQL 17", () => {
  useDocker(["holdfast-test/node", "holdfast-test/postgres:17", "holdfast-test/busybox"])
  const step = storySteps()

  let world: ChatWorld
  let first: ChatState
  let later: ChatState
  let point = ""

  beforeAll(async () => {
    world = await chatWorld({ postgresImage: "holdfast-test/postgres:17" })
    await world.project.up()
    for (let number = 1; number <= 20; number += 1) await world.project.post(`first ${number}`)
    for (let number = 1; number <= 6; number += 1) await world.project.upload(new Uint8Array(500 * number).fill(number))
  })

  afterAll(async () => {
    await world?.dispose()
  })

  step("is backed up, and restored into a throwaway server of its own major version", async () => {
    await world.cli.json(initOutput, ["init", "--vault-path", world.vault])
    first = await stateOf(world.project)

    const { point: taken } = await world.cli.json(backupOutput, ["backup"])
    const drill = await world.cli.json(drillOutput, ["drill", "--level", "restored"])

    point = taken?.id ?? ""
    expect(point.endsWith("-0.24.6")).toBe(true)
    const details = Object.fromEntries(drill.assertions.map((assertion) => [assertion.name, assertion.detail]))
    expect(details["key totp"]).toBe("proven: all 1 encrypted values decrypt")
    expect(details["files:uploads"]).toBe("6 files restored, 6 captured")
    expect(await leftovers(world.project)).toEqual([])
  })

  step("gives single parts and paths back beside, and the whole as stock files, without touching what runs", async () => {
    const into = join(world.directory, "into")
    const one = join(world.directory, "one")
    const stock = join(world.directory, "stock")
    const upload = (await readdir(await uploadsDirectory(world.project))).find((entry) => !entry.startsWith(".")) ?? ""
    const { name } = world.project

    await world.cli.json(writtenOutput, ["restore", name, point, "--into", into, "--only", "files:uploads"])
    await world.cli.json(writtenOutput, ["restore", name, point, "--into", one, "--path", upload])
    const { files } = await world.cli.json(writtenOutput, ["export", name, point, "--to", stock])

    const written = await treeOf(join(into, "files/uploads")).catch(async () => await treeOf(join(into, (await readdir(into))[0] ?? "")))
    expect(written).toEqual(first.uploads)
    const below = (await readdir(one, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    expect(below.length).toBeGreaterThan(0)
    expect(below.every((entry) => entry.parentPath.includes(`/${upload}`) || entry.name === upload)).toBe(true)
    await command(["sha256sum", "--check", "--quiet", "SHA256SUMS"], { cwd: stock })
    const dump = files.find((file) => file.part === "database:main")?.path ?? ""
    expect((await stat(dump)).mode & 0o077).toBe(0)
    expect(await restoredRows(world, dump)).toBe(String(first.rows["public.messages"]))
    expect(await readFile(join(stock, "RESTORE.txt"), "utf8")).toContain("pg_restore")
    expect(await stateOf(world.project)).toEqual(first)
  })

  step("brings back the database alone, or the uploads alone, and leaves the rest as it is", async () => {
    const { name } = world.project
    await world.project.psql("DELETE FROM messages WHERE id > 5")
    const uploads = await uploadsDirectory(world.project)
    for (const entry of await readdir(uploads)) await rm(join(uploads, entry), { recursive: true })
    const lost = await stateOf(world.project)

    await world.cli.json(restoreOutput, ["restore", name, point, "--only", "files:uploads", "--yes"])
    const halfway = await stateOf(world.project)
    await world.cli.json(restoreOutput, ["restore", name, point, "--only", "database", "--yes"])

    expect(halfway).toEqual({ ...lost, uploads: first.uploads })
    expect(await stateOf(world.project)).toEqual(first)
  })

  step("comes back exact over a later migration with its own image, undo brings the later version back", async () => {
    await world.project.build("0.25.0", 2)
    await world.project.up()
    await world.project.post("written by the later version")
    await world.project.psql("INSERT INTO reactions SELECT id, 'ok' FROM messages LIMIT 3")
    later = await stateOf(world.project)
    expect(await world.project.health()).toMatchObject({ version: "0.25.0" })

    const report = await world.cli.json(restoreOutput, ["restore", world.project.name, point, "--with", "images", "--yes"])
    const back = await stateOf(world.project)
    const version = (await world.project.health()).version
    // The later version has lost its name to the restored one; while it is kept, it must outlive a clean-up.
    const kept = ["docker", "image", "ls", "--quiet", "--filter", `reference=holdfast-kept:${report.operationId}-*`]
    // Of this app alone: what suites beside this one have just pulled by digest has no name either.
    await command(["docker", "image", "prune", "--force", "--filter", `label=com.docker.compose.project=${world.project.name}`])
    expect((await command(kept)).trim()).not.toBe("")
    await world.cli.json(undoOutput, ["undo", report.operationId, "--yes"])
    expect((await command(kept)).trim()).toBe("")

    expect(back).toEqual(first)
    expect(version).toBe("0.24.6")
    expect(await stateOf(world.project)).toEqual(later)
    expect(await world.project.health()).toMatchObject({ version: "0.25.0" })
  })

  step("is migrated again when the later version starts on the restored point", async () => {
    await world.cli.json(restoreOutput, ["restore", world.project.name, point, "--with", "images", "--yes"])

    await world.project.build("0.25.0", 2)
    await world.project.up()

    const migrated = await stateOf(world.project)
    expect(await world.project.check()).toMatchObject({ missing: [], totp: true, schema: 2, messages: first.rows["public.messages"] })
    expect(migrated.rows).toMatchObject({ "public.reactions": 0, "public._sqlx_migrations": 2, "public.files": 6 })
    expect(migrated.uploads).toEqual(first.uploads)
    expect(await leftovers(world.project)).toEqual([])
  })
})

/** Messages in the dump, restored by the stock tools of the server's own image into a database beside. */
async function restoredRows(world: ChatWorld, dump: string): Promise<string> {
  const container = `${world.project.name}-db`
  await command(["docker", "exec", container, "createdb", "-U", "chatalot", "stock"])
  try {
    const child = spawn(
      "docker",
      ["exec", "-i", container, "pg_restore", "-U", "chatalot", "--no-owner", "--exit-on-error", "-d", "stock"],
      {
        stdio: ["pipe", "ignore", "inherit"],
      },
    )
    createReadStream(dump).pipe(child.stdin)
    const [exitCode] = await once(child, "exit")
    expect(exitCode).toBe(0)
    return (
      await command([
        "docker",
        "exec",
        container,
        "psql",
        "-X",
        "-U",
        "chatalot",
        "-d",
        "stock",
        "-At",
        "-c",
        "SELECT count(*) FROM messages",
      ])
    ).trim()
  } finally {
    await command(["docker", "exec", container, "dropdb", "-U", "chatalot", "--force", "stock"])
  }
}
