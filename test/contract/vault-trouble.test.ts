import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { createWriteStream, writeSync } from "node:fs"
import { chmod, mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { HoldfastError } from "../../src/base/errors.ts"
import type { VaultBackend } from "../../src/vault/ports.ts"
import { freePort } from "../fixture/free-port.ts"
import { context, initialised, openPlace, readAll, tags, testProcesses, testRestic, type Place } from "./vault-place.ts"

const run = promisify(execFile)
const ctx = context()

describe("a vault that is in trouble", () => {
  let place: Place
  let backend: VaultBackend

  beforeAll(async () => {
    place = await openPlace("a local path")
    backend = await testRestic(place.directory)
  })
  afterAll(async () => await place.dispose())

  it("reports a flipped bit when the data is read, and never hands it over as good", async () => {
    const location = await initialised(backend, place, "flipped")
    const root = join(place.directory, "flipped-tree")
    await mkdir(root)
    await writeFile(join(root, "big"), randomBytes(1_500_000))
    const tree = await backend.storeTree(location, tags("files:uploads"), { root, exclude: [], parent: null }, ctx)
    await flipBitInBiggest(join(place.files("flipped"), "data"))
    const target = join(place.directory, "flipped-back")
    await mkdir(target)

    await expect(backend.readTree(location, tree, ctx)).rejects.toMatchObject({ code: "VAULT_DAMAGED" })
    await expect(backend.restoreTree(location, tree, target, {}, ctx)).rejects.toMatchObject({ code: "VAULT_DAMAGED" })
    await expect(backend.readStream(location, tree, "big", readAll, ctx)).rejects.toMatchObject({ code: "VAULT_DAMAGED" })
    await expect(backend.readStreamHashed(location, tree, "big", readAll, ctx)).rejects.toMatchObject({ code: "VAULT_DAMAGED" })
  })

  it("reports a pack and a snapshot that are gone", async () => {
    const location = await initialised(backend, place, "gone")
    const stored = await backend.storeDocument(location, tags("manifest"), "manifest.json", randomBytes(2000).toString("hex"), ctx)
    await rm(join(place.files("gone"), "data"), { recursive: true })
    await mkdir(join(place.files("gone"), "data"))

    await expect(backend.readTree(location, stored, ctx)).rejects.toMatchObject({ code: "VAULT_DAMAGED" })
    await rm(join(place.files("gone"), "snapshots", stored.storageId))
    expect(await backend.list(location, {}, ctx)).toEqual([])
  })

  it("names the files that cannot be read, and a source that is not there", async () => {
    const location = await initialised(backend, place, "sources")
    const root = join(place.directory, "unreadable")
    await mkdir(root)
    await writeFile(join(root, "fine"), "x")
    await writeFile(join(root, "closed"), "x", { mode: 0o000 })
    const missing = { root: join(place.directory, "missing"), exclude: [], parent: null }

    await expect(backend.storeTree(location, tags("files:a"), missing, ctx)).rejects.toMatchObject({
      code: "SOURCE_MISSING",
      message: `${missing.root} is not there`,
    })
    expect(await backend.list(location, {}, ctx)).toEqual([])
    const unprivileged = await unprivilegedRestic(place.directory)
    await expect(unprivileged.storeTree(location, tags("files:a"), { ...missing, root }, ctx)).rejects.toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: `1 of the files in ${root} could not be read`,
      details: { files: [expect.stringMatching(/closed$/)] },
    })
  })

  it("lets restic's own failure win when the vault's disk is full", async () => {
    const disk = join(place.directory, "small-disk")
    await mkdir(disk)
    await run("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", disk])
    try {
      const location = { ...place.location("small"), url: join(disk, "vault") }
      await writeFile(location.keyFile, "key\n")
      await backend.initialise(location, ctx)
      const storing = backend.storeStream(
        location,
        tags("database:main"),
        "main.dump",
        async (sink) =>
          await new Promise<void>((resolve, reject) => {
            const out = createWriteStream("", { fd: sink.fd, autoClose: false }).on("error", reject)
            out.end(randomBytes(40_000_000), resolve)
          }),
        ctx,
      )

      await expect(storing).rejects.toMatchObject({ code: "VAULT_FULL" })
    } finally {
      await run("umount", ["-l", disk])
    }
  }, 180_000)

  it("says that a server does not answer, within half a minute", async () => {
    const location = { ...place.location("silent"), url: `rest:http://user:canary-password@127.0.0.1:${await freePort()}/x` }
    await writeFile(location.keyFile, "key\n")
    const opening = backend.open(location, ctx)

    await expect(opening).rejects.toMatchObject({ code: "VAULT_UNREACHABLE", message: "cannot open the vault (vault silent)" })
    await expect(opening).rejects.toHaveProperty("why", expect.stringMatching(/^(?!.*canary-password).*connection refused/s))
  })

  it("refuses a restic that is too old, or none", async () => {
    const old = join(place.directory, "restic-old")
    await writeFile(old, "#!/bin/sh\necho 'restic 0.16.4 compiled with go1.21 on linux/amd64'\n", { mode: 0o755 })
    const oldBackend = await testRestic(place.directory, old)
    const noBackend = await testRestic(place.directory, "/nowhere/restic")

    await expect(oldBackend.open(place.location("any"), ctx)).rejects.toMatchObject({
      code: "VAULT_TOOL_MISSING",
      message: "restic 0.16.4 is too old",
    })
    await expect(noBackend.toolVersion(ctx)).rejects.toMatchObject({ code: "VAULT_TOOL_MISSING", message: "/nowhere/restic cannot be run" })
    expect(await backend.toolVersion(ctx)).toMatch(/^0\.\d+\.\d+$/)
  })

  it("leaves the judgement of an empty stream to the caller", async () => {
    const location = await initialised(backend, place, "empty")
    const { stored } = await backend.storeStream(location, tags("database:main"), "main.dump", async () => undefined, ctx)

    expect(stored).toMatchObject({ sizeBytes: 0, files: 0 })
  })

  it("stops at once when it is cancelled, and stores nothing", async () => {
    const location = await initialised(backend, place, "cancelled")
    const cancel = new AbortController()
    const storing = backend.storeStream(
      location,
      tags("database:main"),
      "main.dump",
      async (sink) => {
        writeSync(sink.fd, randomBytes(1000))
        cancel.abort(new HoldfastError("OPERATION_CANCELLED", { what: "cancelled" }))
        await new Promise(() => undefined)
      },
      context(cancel.signal),
    )

    await expect(storing).rejects.toMatchObject({ code: "OPERATION_CANCELLED" })
    expect(await backend.list(location, {}, ctx)).toEqual([])
  })

  it("ends a producer that waits for its pipe when restic is killed, and gives restic's reason", async () => {
    const location = await initialised(backend, place, "killed")
    const processes = testProcesses()
    const storing = backend.storeStream(
      location,
      tags("database:main"),
      "main.dump",
      async (sink) => {
        await killChildrenNamed("restic", place.directory)
        const child = await processes.run({ argv: ["/bin/sh", "-c", 'head -c 10000000 /dev/zero > "$0"', sink.path], signal: ctx.signal })
        if (child.exitCode !== 0) throw new HoldfastError("DATABASE_DUMP_FAILED", { what: "the producer ended" })
      },
      ctx,
    )

    await expect(storing).rejects.toMatchObject({ code: "VAULT_WRITE_FAILED", why: "restic was ended by SIGKILL" })
  })

  it("does not take a consumer that stopped reading for a success", async () => {
    const location = await initialised(backend, place, "unread")
    const root = join(place.directory, "unread-tree")
    await mkdir(root)
    await writeFile(join(root, "big"), randomBytes(1_500_000))
    const tree = await backend.storeTree(location, tags("files:uploads"), { root, exclude: [], parent: null }, ctx)
    const failing = async (): Promise<never> => await Promise.reject(new Error("pg_restore failed"))

    await expect(backend.readStream(location, tree, "big", async () => "done", ctx)).rejects.toMatchObject({
      code: "VAULT_READ_FAILED",
      message: "files:uploads was not read to its end",
    })
    await expect(backend.readStream(location, tree, "big", failing, ctx)).rejects.toThrow("pg_restore failed")
    await expect(backend.readStreamHashed(location, tree, "big", failing, ctx)).rejects.toThrow("pg_restore failed")
    for await (const entry of backend.entries(location, tree, ctx)) {
      expect(entry.path).toBe("/big")
      break
    }
  })

  it("delivers to a consumer that opens the pipe by name only after restic has ended", async () => {
    const location = await initialised(backend, place, "late")
    const stored = await backend.storeDocument(location, tags("database:main"), "main.dump", "small", ctx)
    const processes = testProcesses()
    const read = await backend.readStream(
      location,
      stored,
      "main.dump",
      async (source) => {
        await vi.waitUntil(async () => (await childrenNamed("restic", place.directory)).length === 0, { timeout: 20_000 })
        return (await processes.run({ argv: ["cat", source.path], signal: ctx.signal })).stdout
      },
      ctx,
    )

    expect(read).toBe("small")
  })

  it("copies items with the same tree ids, the manifest last", async () => {
    const from = await initialised(backend, place, "from")
    const to = place.location("to")
    await writeFile(to.keyFile, "another key\n")
    await backend.initialise(to, ctx, from)
    const part = await backend.storeDocument(from, tags("database:main"), "main.dump", "data", ctx)
    const manifest = await backend.storeDocument(from, tags("manifest"), "manifest.json", "{}", ctx)

    await backend.copy(from, to, [manifest, part], ctx)

    const copied = await backend.list(to, {}, ctx)
    expect(copied.map((item) => item.treeId).toSorted()).toEqual([part.treeId, manifest.treeId].toSorted())
  })
})

/** restic without the right to read everything. */
async function unprivilegedRestic(directory: string): Promise<VaultBackend> {
  const binary = join(directory, "restic-unprivileged")
  const script = '#!/bin/sh\nexec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs restic "$@"\n'
  await writeFile(binary, script, { mode: 0o755 })
  return await testRestic(directory, binary)
}

async function flipBitInBiggest(directory: string): Promise<void> {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const sized = await Promise.all(
    names.map(async (entry) => ({ path: join(entry.parentPath, entry.name), size: (await stat(join(entry.parentPath, entry.name))).size })),
  )
  const biggest = sized.toSorted((left, right) => right.size - left.size)[0]
  if (biggest === undefined) throw new Error("no pack")
  await chmod(biggest.path, 0o600)
  const file = await open(biggest.path, "r+")
  const at = Math.floor(biggest.size / 2)
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, at)
  await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at)
  await file.close()
}

/** Only our own: those whose command line names this test's directory. */
async function childrenNamed(name: string, directory: string): Promise<readonly number[]> {
  const found: number[] = []
  for (const id of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const line = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")
    if (line.split("\0")[0] === name && line.includes(directory)) found.push(Number(id))
  }
  return found
}

async function killChildrenNamed(name: string, directory: string): Promise<void> {
  for (const id of await childrenNamed(name, directory)) process.kill(id, "SIGKILL")
}
