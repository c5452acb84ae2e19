/** Damage in the vault: each kind is refused with its own error, by verify and before a restore touches anything live (faults F35 to F41, G88 to G90). */
import { cp, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest"
import { verifyOutput } from "../../src/contract/output.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { sampled } from "../fixture/size.ts"
import { removeTree } from "../fixture/tmp.ts"
import { describeRun } from "./cli.ts"
import { expectUntouched, smallWorld, type SmallWorld } from "./small-world.ts"

let world: SmallWorld
let saved = ""
/** Two points of each app, oldest first. */
const points = { chat: ["", ""], notes: ["", ""] }
let before = ""

describeNeeding(
  "restic",
  "postgres",
  "sqlite3",
)("a damaged vault", () => {
  beforeAll(async () => {
    world = await smallWorld()
    points.chat = [await world.backup("chat"), ""]
    points.notes = [await world.backup("notes"), ""]
    await world.cluster.sql("chat", "INSERT INTO users (name) VALUES ('between the points')")
    await writeFile(join(world.directory, "chat/uploads/later.txt"), "between the points\n")
    points.chat[1] = await world.backup("chat")
    points.notes[1] = await world.backup("notes")
    saved = await mkdtemp(join(tmpdir(), "holdfast-saved-"))
    await cp(world.vault, join(saved, "vault"), { recursive: true })
    await cp(join(world.directory, "state"), join(saved, "state"), { recursive: true })
  })
  beforeEach(async () => {
    before = await world.live()
  })
  /** Damage is done to a vault of its own each time. */
  afterEach(async () => {
    await expectUntouched(world, before)
    for (const [from, to] of [
      ["vault", world.vault],
      ["state", join(world.directory, "state")],
    ] as const) {
      await rm(to, { recursive: true, force: true })
      await cp(join(saved, from), to, { recursive: true })
    }
  })
  afterAll(async () => {
    await world.dispose()
    await removeTree(saved)
  })

  it("is told from a whole one, which verifies and of which an empty tree and a pipe, links and odd names are read as recorded", async () => {
    const report = await world.cli.json(verifyOutput, ["verify", "notes"])
    expect(report.level).toBe("read")
    expect((await world.cli.json(verifyOutput, ["verify", "chat", points.chat[0] ?? ""])).level).toBe("read")
  })

  it("with a manifest that was altered under the same name is refused by verify", async () => {
    const id = points.chat[1] ?? ""
    await replaceManifest(id, (text) => text.replace(/"public\.users":\d+/, '"public.users":1'))
    expect(await world.cli.error("verify", "chat", id)).toMatchObject({
      code: "MANIFEST_INVALID",
      what: `the manifest of ${id} in local is not the one that was sealed`,
      exitCode: 58,
    })
  })

  it("with a manifest that is no manifest any more is not listed after the store was lost", async () => {
    const id = points.chat[1] ?? ""
    await replaceManifest(id, (text) => text.replace('"version":1', '"version":2'))
    await loseStore()
    expect(await world.cli.error("verify", "chat", id)).toMatchObject({ code: "MANIFEST_INVALID", exitCode: 58 })
    expect(await world.cli.error("restore", "chat", id, "--yes")).toMatchObject({ code: "MANIFEST_INVALID", exitCode: 58 })
  })

  it("with an older manifest altered shows by the chain even after the store was lost", async () => {
    const [older = "", newer = ""] = points.chat
    await replaceManifest(older, (text) => text.replace(/"public\.users":\d+/, '"public.users":1'))
    await loseStore()
    const error = await world.cli.error("verify", "chat", newer)
    expect(error).toMatchObject({ code: "CHAIN_BROKEN", exitCode: 59 })
    expect(error.why).toBe(`the manifest of ${older} is not the one that ${newer} was sealed after`)
  })

  it("with rows in the manifest that the dump does not have is refused by the restore's own comparison", async () => {
    const id = points.chat[1] ?? ""
    await replaceManifest(id, (text) => text.replace(/"public\.users":(\d+)/, '"public.users":99'))
    await loseStore()
    const error = await world.cli.error("restore", "chat", id, "--yes", "--unproven", "--confirm", "chat")
    expect(error).toMatchObject({ code: "DATABASE_FACTS_DIFFER", exitCode: 77 })
  })

  it("with a part exchanged for another point's is refused", async () => {
    const [older = "", newer = ""] = points.chat
    const [theirs] = await world.snapshots("app=chat", `point=${older}`, "part=database:main")
    const [ours] = await world.snapshots("app=chat", `point=${newer}`, "part=database:main")
    if (theirs === undefined || ours === undefined) throw new Error("no such snapshots")
    await world.restic("forget", ours.id)
    await world.restic("tag", "--set", ours.tags.join(","), theirs.id)
    for (const words of [
      ["verify", "chat", newer],
      ["restore", "chat", newer, "--yes"],
    ]) {
      expect(await world.cli.error(...words)).toMatchObject({
        code: "POINT_DAMAGED",
        what: `database:main of point ${newer} was replaced in vault local`,
        why: `content ${theirs.tree} stands in place of ${ours.tree}`,
        exitCode: 57,
      })
    }
  })

  it("without a part is refused", async () => {
    const id = points.notes[1] ?? ""
    for (const snapshot of await world.snapshots("app=notes", `point=${id}`, "part=files:uploads"))
      await world.restic("forget", snapshot.id)
    for (const words of [
      ["verify", "notes", id, "--level", "sealed"],
      ["restore", "notes", id, "--yes"],
    ]) {
      expect(await world.cli.error(...words)).toMatchObject({
        code: "POINT_DAMAGED",
        what: `files:uploads of point ${id} is not in vault local`,
      })
    }
  })

  it("without the manifest of an older point breaks the chain, and no new point goes on as if nothing was", async () => {
    const [older = "", newer = ""] = points.notes
    for (const snapshot of await world.snapshots("app=notes", `point=${older}`, "part=manifest")) await world.restic("forget", snapshot.id)
    expect(await world.cli.error("verify", "notes", newer)).toMatchObject({
      code: "CHAIN_BROKEN",
      why: `${older} is no longer in the vault`,
    })
  })

  it("rolled back to an earlier state is noticed by the next backup and by verify", async () => {
    const [older = "", newer = ""] = points.chat
    for (const snapshot of await world.snapshots("app=chat", `point=${newer}`)) await world.restic("forget", snapshot.id)
    expect(await world.cli.error("verify", "chat", older)).toMatchObject({
      code: "CHAIN_BROKEN",
      exitCode: 59,
      why: `${newer} is no longer in the vault`,
    })
    expect(await world.cli.error("backup", "chat")).toMatchObject({ code: "CHAIN_BROKEN", exitCode: 59 })
  })

  it("in which points were expired on purpose is whole", async () => {
    const third = await world.backup("notes")
    await writeFile(
      join(world.directory, "holdfast.yaml"),
      (await readFile(join(world.directory, "holdfast.yaml"), "utf8")).replace(
        `{ path: ${world.vault} }`,
        `{ path: ${world.vault}, keep: { last: 1 } }`,
      ),
    )
    await world.cli.json(verifyOutput, ["verify", "notes", third])
    const expired = await world.cli.run("expire", "notes", "--yes")
    expect(expired.exitCode, describeRun(["expire"], expired)).toBe(0)
    const left = await world.snapshots("app=notes", "part=manifest")
    expect(left.length).toBeLessThan(3)
    const report = await world.cli.json(verifyOutput, ["verify", "notes", third])
    expect(report.point).toBe(third)
  })

  it.each(sampled(["first byte", "middle", "cut", "empty", "gone"], 2))("with its data packs damaged (%s) is refused", async (kind) => {
    for (const pack of await packs()) await damage(pack, kind)
    const id = points.notes[1] ?? ""
    const error = await (kind === "gone" ? world.cli.error("restore", "notes", id, "--yes") : world.cli.error("verify", "notes", id))
    expect(["VAULT_DAMAGED", "VAULT_READ_FAILED"], JSON.stringify(error)).toContain(error.code)
    expect([47, 48]).toContain(error.exitCode)
  })

  it("whose packs have a damaged list of contents is read exactly, for the index says the same; restic's own check tells", async () => {
    for (const pack of await packs()) await damage(pack, "last byte")

    const report = await world.cli.json(verifyOutput, ["verify", "notes", points.notes[1] ?? ""])
    expect(report.level).toBe("read")
    await expect(world.restic("check", "--read-data")).rejects.toThrow(/pack|data/i)
  })

  it("whose key was exchanged is refused with the word for it", async () => {
    await writeFile(world.keyFile, "another key\n")
    expect(await world.cli.error("verify", "chat")).toMatchObject({ code: "VAULT_WRONG_KEY", exitCode: 41 })
    await rm(world.keyFile)
    expect(await world.cli.error("restore", "chat", "--yes")).toMatchObject({ code: "VAULT_KEY_MISSING", exitCode: 42 })
  })
})

async function replaceManifest(id: string, change: (text: string) => string): Promise<void> {
  const [snapshot] = await world.snapshots(`point=${id}`, "part=manifest")
  if (snapshot === undefined) throw new Error(`no manifest of ${id}`)
  const text = await world.restic("dump", snapshot.id, "/manifest.json")
  const changed = change(text)
  if (changed === text) throw new Error("the manifest was not changed")
  const scratch = await mkdtemp(join(tmpdir(), "holdfast-manifest-"))
  try {
    await writeFile(join(scratch, "manifest.json"), changed)
    const tags = snapshot.tags.flatMap((tag) => ["--tag", tag])
    await world.restic(
      "backup",
      "--stdin-from-command",
      "--stdin-filename",
      "manifest.json",
      ...tags,
      "--",
      "cat",
      join(scratch, "manifest.json"),
    )
    await world.restic("forget", snapshot.id)
  } finally {
    await removeTree(scratch)
  }
}

async function loseStore(): Promise<void> {
  const state = join(world.directory, "state")
  for (const name of await readdir(state)) if (name.startsWith("store.sqlite")) await rm(join(state, name))
}

/** Every pack of the vault. */
async function packs(): Promise<readonly string[]> {
  const data = await readdir(join(world.vault, "data"), { recursive: true, withFileTypes: true })
  const files = data.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  expect(files.length).toBeGreaterThan(2)
  return files
}

async function damage(path: string, kind: string): Promise<void> {
  const { size } = await stat(path)
  if (kind === "gone") return await rm(path)
  const file = await open(path, "r+")
  try {
    if (kind === "cut") return await file.truncate(Math.floor(size / 2))
    if (kind === "empty") return await file.truncate(0)
    const at = kind === "first byte" ? 0 : kind === "middle" ? Math.floor(size / 2) : size - 1
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at)
  } finally {
    await file.close()
  }
}
