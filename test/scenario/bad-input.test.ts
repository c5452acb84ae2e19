/** What is wrong on the command line is refused at once, with its own words and exit code, before anything is touched. */
import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { describeNeeding } from "../fixture/needs.ts"
import { describeRun } from "./cli.ts"
import { expectUntouched, smallWorld, type SmallWorld } from "./small-world.ts"

let world: SmallWorld
let before = ""
const points: string[] = []
let chatPoint = ""

describeNeeding("restic", "postgres")("bad input", () => {
  beforeAll(async () => {
    world = await smallWorld()
    points.push(await world.backup("notes"), await world.backup("notes"))
    chatPoint = await world.backup("chat")
    before = await world.live()
  })
  afterAll(async () => {
    await expectUntouched(world, before)
    await world.dispose()
  })

  it("that names what is not there is answered with what there is", async () => {
    expect(await world.cli.error("backup", "chatt")).toMatchObject({ code: "APP_UNKNOWN", exitCode: 14 })
    expect(await world.cli.error("backup", "chat", "--vault", "mars")).toMatchObject({ code: "VAULT_UNKNOWN", exitCode: 38 })
    expect(await world.cli.error("restore", "notes", "20200101T000000Z-1", "--yes")).toMatchObject({
      code: "POINT_UNKNOWN",
      what: 'vault local holds no point "20200101T000000Z-1" of notes',
      exitCode: 54,
    })
    expect(await world.cli.error("verify")).toMatchObject({
      code: "USAGE",
      what: "which app is meant?",
      why: "there is chat, notes",
      exitCode: 2,
    })
    expect(await world.cli.error("undo", "nothing", "--yes")).toMatchObject({ code: "OPERATION_UNKNOWN", exitCode: 114 })
    expect(await world.cli.error("backup", "chat", "--only", "music")).toMatchObject({
      code: "PART_UNKNOWN",
      what: 'chat has no part "music"',
      why: "there is database:main, files:uploads, secrets, configuration",
      exitCode: 60,
    })
  })

  it("that names a point of another app, or two points at once, is refused", async () => {
    expect(await world.cli.error("restore", "notes", chatPoint, "--yes")).toMatchObject({
      code: "POINT_OF_ANOTHER_APP",
      what: `point ${chatPoint} belongs to chat, not to notes`,
      exitCode: 55,
    })
    const common = (points[0] ?? "").slice(0, 8)
    const error = await world.cli.error("restore", "notes", common, "--yes")
    expect(error).toMatchObject({
      code: "POINT_UNKNOWN",
      what: `"${common}" means 2 points`,
      hint: "Give the whole id of the one you mean.",
    })
    expect(error.why).toBe(points.join(", "))
  })

  it("that would write over something is refused", async () => {
    const full = join(world.directory, "full")
    await mkdir(full)
    await writeFile(join(full, "mine"), "mine")
    expect(await world.cli.error("restore", "notes", "--into", full)).toMatchObject({
      code: "TARGET_NOT_EMPTY",
      what: `${full} is not empty`,
      exitCode: 103,
    })
    const file = join(full, "mine")
    expect(await world.cli.error("restore", "notes", "--into", file)).toMatchObject({
      code: "TARGET_NOT_EMPTY",
      what: `${file} is not a directory`,
    })
    const uploads = join(world.directory, "notes/uploads")
    for (const live of [uploads, join(uploads, "new"), join(world.directory, "notes"), join(world.directory, "notes/notes.db")]) {
      expect(await world.cli.error("restore", "notes", "--into", live)).toMatchObject({ code: "TARGET_IS_LIVE", exitCode: 104 })
    }
    await symlink(uploads, join(world.directory, "harmless"))
    const through = join(world.directory, "harmless/new")
    expect(await world.cli.error("export", "notes", "--to", through)).toMatchObject({
      code: "TARGET_IS_LIVE",
      what: `${through} is in use by notes (${uploads})`,
    })
    expect(await world.cli.error("restore", "chat", "--into", "postgres://127.0.0.1/chat")).toMatchObject({ code: "USAGE", exitCode: 2 })
  })

  it("is not asked about where nobody can answer", async () => {
    const refused = { code: "CONFIRMATION_NEEDED", what: "this needs a confirmation, and there is no terminal to ask on", exitCode: 18 }
    expect(await world.cli.error("restore", "notes")).toMatchObject(refused)
    expect(await world.cli.error("restore", "notes", "--unproven", "--yes")).toMatchObject({
      ...refused,
      hint: expect.stringContaining("--confirm notes"),
    })
    const plain = await world.cli.run("restore", "notes")
    expect(plain.exitCode).toBe(18)
    expect(plain.stdout).toBe("")
    expect(plain.stderr).toContain("error: this needs a confirmation, and there is no terminal to ask on\n")
    expect(plain.stderr).toContain("  code: CONFIRMATION_NEEDED (docs/manual/errors.md#confirmation_needed)")
  })

  it("in options is a usage error", async () => {
    for (const words of [
      ["backup", "chat", "--fast"],
      ["bakcup"],
      ["restore", "notes", "--keep", "soon", "--yes"],
      ["restore", "notes", "--with", "music", "--yes"],
      ["restore", "notes", "--path", "x", "--yes"],
      ["verify", "notes", "--level", "perfect"],
      ["export", "notes"],
      ["export", "notes", "--to", "x", "--format", "zip"],
      ["import", "notes"],
    ]) {
      const ended = await world.cli.run(...words, "--json")
      expect(ended.exitCode, describeRun(words, ended)).toBe(2)
      expect(JSON.parse(ended.stdout)).toMatchObject({
        format: "holdfast.error",
        version: 1,
        error: { code: "USAGE", exitCode: 2, retryable: false },
      })
    }
  })

  it("of files that are not there or fit nothing is refused before anything is stored", async () => {
    const missing = join(world.directory, "missing.dump")
    expect(await world.cli.error("import", "chat", missing)).toMatchObject({ code: "SOURCE_MISSING", what: `${missing} cannot be opened` })
    const database = join(world.directory, "notes/notes.db")
    expect(await world.cli.error("import", "chat", database)).toMatchObject({
      code: "PART_UNKNOWN",
      what: `${database} (sqlite) fits no part of chat`,
    })
    expect(await world.cli.error("import", "notes", database, "--as", "database:other")).toMatchObject({ code: "PART_UNKNOWN" })
  })

  it("about the vault is told apart: no key, wrong key, nobody there", async () => {
    await rename(world.keyFile, `${world.keyFile}.away`)
    expect(await world.cli.error("verify", "notes")).toMatchObject({
      code: "VAULT_KEY_MISSING",
      what: "the key of vault local is missing",
      exitCode: 42,
    })
    expect(await world.cli.error("backup", "notes")).toMatchObject({ code: "VAULT_KEY_MISSING", exitCode: 42 })
    await writeFile(world.keyFile, "not the key\n", { mode: 0o600 })
    expect(await world.cli.error("restore", "notes", "--yes")).toMatchObject({ code: "VAULT_WRONG_KEY", exitCode: 41 })
    await rename(`${world.keyFile}.away`, world.keyFile)
    const settings = join(world.directory, "holdfast.yaml")
    const text = await readFile(settings, "utf8")
    await writeFile(settings, text.replace("vaults:\n", `vaults:\n  far: { url: "rest:http://127.0.0.1:${await closedPort()}/" }\n`))
    try {
      for (const words of [
        ["backup", "notes", "--vault", "far"],
        ["restore", "notes", "--from", "far", "--yes"],
      ]) {
        const began = performance.now()
        expect(await world.cli.error(...words)).toMatchObject({ code: "VAULT_UNREACHABLE", exitCode: 39, retryable: true })
        expect(performance.now() - began).toBeLessThan(60_000)
      }
    } finally {
      await writeFile(settings, text)
    }
  })
})

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}
