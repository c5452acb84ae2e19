import { execFile } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { createWriteStream, readFileSync, writeSync } from "node:fs"
import { chmod, chown, link, lstat, mkdir, readlink, stat, symlink, truncate, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { HoldfastError } from "../../src/base/errors.ts"
import type { ListedEntry, VaultBackend, VaultLocation } from "../../src/vault/ports.ts"
import { context, initialised, openPlace, readAll, tags, testRestic, type Place, type PlaceKind } from "./vault-place.ts"

const run = promisify(execFile)
const ctx = context()

const kinds: readonly PlaceKind[] = ["a local path", "rest-server", "an append-only rest-server", "SFTP"]

describe.each(kinds)("a vault at %s", (kind) => {
  let place: Place
  let backend: VaultBackend
  let location: VaultLocation

  beforeAll(async () => {
    place = await openPlace(kind)
    backend = await testRestic(place.directory)
    location = await initialised(backend, place, "main")
  })
  afterAll(async () => await place.dispose())

  it("keeps its identity, refuses another key, and says when there is none", async () => {
    const first = await backend.open(location, ctx)
    const other = join(place.directory, "other.key")
    await writeFile(other, "another\n")

    expect(await backend.open(location, ctx)).toEqual(first)
    await expect(backend.open({ ...location, keyFile: other }, ctx)).rejects.toMatchObject({ code: "VAULT_WRONG_KEY" })
    await expect(backend.open({ ...place.location("nothing"), keyFile: location.keyFile }, ctx)).rejects.toMatchObject({
      code: "VAULT_ABSENT",
    })
    await expect(backend.initialise(location, ctx)).rejects.toMatchObject({ message: "cannot make the vault (vault main)" })
  })

  it("gives back a stream byte for byte, plain and hashed", async () => {
    const content = randomBytes(3_000_000)
    const { stored, produced } = await backend.storeStream(
      location,
      tags("database:main"),
      "main.dump",
      async (sink) => {
        await new Promise((resolve, reject) => {
          createWriteStream("", { fd: sink.fd, autoClose: false })
            .on("error", reject)
            .end(content, () => resolve(null))
        })
        return "facts"
      },
      ctx,
    )

    expect(produced).toBe("facts")
    expect(stored).toMatchObject({ sizeBytes: content.length, files: 1, tags: tags("database:main") })
    expect((await backend.readStream(location, stored, "main.dump", readAll, ctx)).equals(content)).toBe(true)
    const hashed = await backend.readStreamHashed(location, stored, "main.dump", readAll, ctx)
    expect(hashed.value.equals(content)).toBe(true)
    expect(hashed).toMatchObject({ sizeBytes: content.length, sha256: `sha256:${createHash("sha256").update(content).digest("hex")}` })
    const [listed] = await backend.list(location, { app: "chat", part: "database:main" }, ctx)
    expect(listed).toMatchObject({ treeId: stored.treeId, storageId: stored.storageId, tags: tags("database:main") })
  })

  it("stores nothing when the producer dies half-way", async () => {
    const part = tags("database:dying")
    const dying = backend.storeStream(
      location,
      part,
      "main.dump",
      async (sink) => {
        writeSync(sink.fd, randomBytes(50_000))
        throw new HoldfastError("DATABASE_DUMP_FAILED", { what: "pg_dump died" })
      },
      ctx,
    )

    await expect(dying).rejects.toMatchObject({ code: "DATABASE_DUMP_FAILED", message: "pg_dump died" })
    expect(await backend.list(location, { part: part.part }, ctx)).toEqual([])
  })

  it("keeps documents and finds items only by their own tags", async () => {
    const stored = await backend.storeDocument(
      location,
      { app: "a,b=c%", point: null, part: "ledger:pin" },
      "entry.json",
      '{"ü":"\\n"}',
      ctx,
    )

    expect(await backend.list(location, { app: "a,b=c%" }, ctx)).toHaveLength(1)
    expect(await backend.list(location, { app: "a" }, ctx)).toEqual([])
    expect(await backend.readDocument(location, stored, "entry.json", ctx)).toBe('{"ü":"\\n"}')
    await expect(backend.readDocument(location, stored, "other.json", ctx)).rejects.toMatchObject({ code: "VAULT_READ_FAILED" })
  })

  it("removes what it is told, or says that the server refused", async () => {
    const stored = await backend.storeDocument(location, tags("manifest", "p-old"), "manifest.json", "old", ctx)
    const kept = await backend.storeDocument(location, tags("manifest", "p-new"), "manifest.json", "new", ctx)
    const removal = backend.remove(location, [stored], { freeSpace: false }, ctx)

    if (kind === "an append-only rest-server") {
      await expect(removal).rejects.toMatchObject({
        code: "VAULT_DELETE_REFUSED",
        message: "vault main still holds what was to be deleted",
        why: "p-old manifest",
      })
      expect(await backend.list(location, { point: "p-old" }, ctx)).toHaveLength(1)
      return
    }
    await removal
    expect(await backend.list(location, { point: "p-old" }, ctx)).toEqual([])
    await backend.remove(location, [stored], { freeSpace: true }, ctx)
    expect(await backend.readDocument(location, kept, "manifest.json", ctx)).toBe("new")
    await backend.unlockDead(location, ctx)
    expect(await backend.storedBytes(location, ctx)).toBeGreaterThan(100)
  })

  it("gives a tree back with its names, links, holes, owners and modes", async () => {
    const root = join(place.directory, "tree")
    const target = join(place.directory, "back")
    await plantTree(root)
    await mkdir(target)

    const stored = await backend.storeTree(location, tags("files:uploads"), { root, exclude: ["-skip", "/only-here"], parent: null }, ctx)
    await backend.restoreTree(location, stored, target, {}, ctx)
    const read = await backend.readTree(location, stored, ctx)

    expect(await listing(target)).toEqual((await listing(root)).filter((line) => !/"(\.\/-skip|\.\/only-here)"/.test(line)))
    expect((await stat(join(target, "holes"))).blocks).toBeLessThan(2000)
    expect((await stat(join(target, "sub", "hard"))).ino).toBe((await stat(join(target, "sub", "hard-too"))).ino)
    expect(await readlink(join(target, "link"))).toBe("/etc/passwd")
    expect(read).toEqual({ sizeBytes: stored.sizeBytes, files: stored.files })
    const again = await backend.storeTree(
      location,
      tags("files:uploads", "p2"),
      { root, exclude: ["-skip", "/only-here"], parent: stored },
      ctx,
    )
    expect(again).toMatchObject({ treeId: stored.treeId, files: stored.files })
    const entries: ListedEntry[] = []
    for await (const entry of backend.entries(location, stored, ctx)) entries.push(entry)
    expect(entries.find((entry) => entry.path === "/set-id")).toMatchObject({ kind: "file", mode: 0o6755, uid: 1234, gid: 2345 })
    expect(entries.map((entry) => entry.path)).toContain("/new\nline")
  })
})

async function plantTree(root: string): Promise<void> {
  await mkdir(join(root, "sub"), { recursive: true })
  for (const name of ["new\nline", "-dash", "-skip", "only-here", "sub/only-here", "sub/hard", "ümläut", "a b'\"$(x)"]) {
    await writeFile(join(root, name), `content of ${name}`)
  }
  await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x66, 0xff, 0xfe])]), "not UTF-8")
  await link(join(root, "sub/hard"), join(root, "sub/hard-too"))
  await symlink("/etc/passwd", join(root, "link"))
  await writeFile(join(root, "set-id"), "x")
  await chown(join(root, "set-id"), 1234, 2345)
  await chmod(join(root, "set-id"), 0o6755)
  await chmod(join(root, "sub"), 0o1770)
  await writeFile(join(root, "holes"), "start")
  await truncate(join(root, "holes"), 4_000_000)
  await run("mkfifo", [join(root, "pipe")])
}

/** Everything below a directory that must come back: names as bytes, kinds, modes, owners, times, content. */
async function listing(root: string): Promise<readonly string[]> {
  const { stdout } = await run("find", [".", "-mindepth", "1", "-printf", "%P\\0%y %m %U %G %s %T@\\0"], { cwd: root, encoding: "buffer" })
  const fields = stdout.toString("latin1").split("\0")
  const lines: string[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? ""
    const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, "latin1")])
    const facts = (fields[at + 1] ?? "").replace(/^d (\d+ \d+ \d+) \d+/, "d $1")
    const isFile = (await lstat(path)).isFile()
    const digest = isFile ? createHash("sha256").update(readFileSync(path)).digest("hex") : ""
    lines.push(`${JSON.stringify(`./${name}`)} ${facts} ${digest}`)
  }
  return lines.toSorted()
}
