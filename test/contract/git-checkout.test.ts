import { chownSync, existsSync } from "node:fs"
import { chmod, lstat, mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import type { CheckoutMove, Checkouts } from "../../src/release/checkout-ports.ts"
import type { SourceCopy } from "../../src/release/git-ports.ts"
import { createCheckouts } from "../../src/tool/git/checkout.ts"
import { createGitRepositories } from "../../src/tool/git/copy.ts"
import { createProcesses } from "../../src/tool/process/process.ts"
import { command } from "../fixture/docker/command.ts"
import { cloneRepository, createRepository, type TestRepository } from "../fixture/git-repository.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"

const ctx = { signal: new AbortController().signal }
const EDITED = ".holdfast-edited"

interface World {
  readonly directory: string
  readonly vendor: TestRepository
  readonly own: TestRepository
  readonly checkouts: Checkouts
  readonly copy: SourceCopy
  readonly move: CheckoutMove
}

/** Two commits of a vendor; the operator is on the first, with files of their own. */
async function world(): Promise<World> {
  const directory = await temporaryDirectory("git-checkout")
  const vendor = createRepository(join(directory, "vendor"))
  const from = vendor.commit("one", {
    "app.txt": "1\n",
    "run.sh": "#!/bin/sh\n",
    "old/gone.txt": "old\n",
    ".gitignore": ".env\n",
    "kept.txt": "kept\n",
  })
  const own = cloneRepository(vendor, join(directory, "own"))
  await writeFile(join(own.directory, ".env"), "SECRET=1\n")
  await writeFile(join(own.directory, "compose.override.yml"), "# mine\n")
  await chmod(join(vendor.directory, "run.sh"), 0o755)
  const to = vendor.commit("two", { "app.txt": "2\n", "old/gone.txt": null, "new/deep/file.txt": "new\n" })
  await mkdir(join(directory, "copies"))
  const environment = { PATH: process.env["PATH"] ?? "", HOME: directory }
  const processes = createProcesses({ environment, clock: systemClock, setpriv: null })
  const options = { processes, binary: "git", directory: join(directory, "copies"), isRoot: process.getuid?.() === 0 }
  const copy = await createGitRepositories(options).fetch("shop", vendor.url, ctx)
  return { directory, vendor, own, checkouts: createCheckouts(options), copy, move: { root: own.directory, from, to } }
}

/** Every file with its content and mode, but for git's own directory. */
async function filesOf(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of (await readdir(directory, { recursive: true })).toSorted()) {
    const status = await lstat(join(directory, name))
    if (name === ".git" || name.startsWith(".git/") || !status.isFile()) continue
    found[name] = `${(status.mode & 0o777).toString(8)} ${await readFile(join(directory, name), "utf8")}`
  }
  return found
}

describeNeeding("git")("an operator's checkout", () => {
  it("is found from a directory inside it, and a directory outside of any is none", async () => {
    const { directory, own, checkouts, move } = await world()

    expect(await checkouts.look(join(own.directory, "old"), ctx)).toEqual({
      root: own.directory,
      head: move.from,
      branch: "main",
      changed: [],
      underWay: null,
    })
    expect(await checkouts.look(join(directory, "copies"), ctx)).toBeNull()
  })

  it("names tracked files that were changed, staged or not, and nothing that is untracked or ignored", async () => {
    const { own, checkouts } = await world()
    await writeFile(join(own.directory, "app.txt"), "mine\n")
    await rm(join(own.directory, "kept.txt"))
    own.git("rm", "--quiet", "--cached", "run.sh")

    expect((await checkouts.look(own.directory, ctx))?.changed).toEqual(["app.txt", "kept.txt", "run.sh"])
  })

  it("is known detached, and with a merge that somebody has begun", async () => {
    const { own, checkouts, move } = await world()
    own.git("checkout", "--quiet", "--detach")
    await writeFile(join(own.directory, ".git/MERGE_HEAD"), `${move.from}\n`)

    expect(await checkouts.look(own.directory, ctx)).toMatchObject({ branch: null, head: move.from, underWay: "merge" })
  })

  it("moves forward and back byte for byte, with the remote gone and everything of the operator as it was", async () => {
    const { vendor, own, checkouts, copy, move } = await world()
    await chmod(join(own.directory, "app.txt"), 0o664)
    const before = await filesOf(own.directory)
    await checkouts.receive(move, copy, ctx)
    expect(await filesOf(own.directory)).toEqual(before)

    expect(await checkouts.put(move, "to", EDITED, ctx)).toEqual([])

    expect(await filesOf(own.directory)).toEqual({
      ".env": "644 SECRET=1\n",
      ".gitignore": "644 .env\n",
      "app.txt": "664 2\n",
      "compose.override.yml": "644 # mine\n",
      "kept.txt": "644 kept\n",
      "new/deep/file.txt": "644 new\n",
      "run.sh": "755 #!/bin/sh\n",
    })
    expect(await checkouts.look(own.directory, ctx)).toMatchObject({ head: move.to, branch: "main", changed: [] })
    await rm(vendor.directory, { recursive: true })
    await rm(copy.directory, { recursive: true })

    expect(await checkouts.put(move, "from", EDITED, ctx)).toEqual([])

    expect(await filesOf(own.directory)).toEqual(before)
    expect(await checkouts.look(own.directory, ctx)).toMatchObject({ head: move.from, branch: "main", changed: [] })
    expect(existsSync(join(own.directory, "new"))).toBe(false)
  })

  it("is put right after a move that was killed half-way, either way, and twice is as good as once", async () => {
    const { own, checkouts, copy, move } = await world()
    const before = await filesOf(own.directory)
    await checkouts.receive(move, copy, ctx)
    const killHalfWay = async (): Promise<void> => {
      await writeFile(join(own.directory, ".git/index.lock"), "")
      await writeFile(join(own.directory, "app.txt"), "2\n")
      await rm(join(own.directory, "old"), { recursive: true, force: true })
      await mkdir(join(own.directory, "new/deep"), { recursive: true })
      await writeFile(join(own.directory, "new/deep/file.txt"), "new\n")
    }

    await killHalfWay()
    await checkouts.put(move, "from", EDITED, ctx)
    await checkouts.put(move, "from", EDITED, ctx)
    expect(await filesOf(own.directory)).toEqual(before)

    await killHalfWay()
    await checkouts.put(move, "to", EDITED, ctx)
    await checkouts.put(move, "to", EDITED, ctx)
    expect(await checkouts.look(own.directory, ctx)).toMatchObject({ head: move.to, changed: [] })
  })

  it("keeps an edit of the operator beside when it has to write over it, and leaves other edits alone", async () => {
    const { own, checkouts, copy, move } = await world()
    await checkouts.receive(move, copy, ctx)
    await checkouts.put(move, "to", EDITED, ctx)
    await writeFile(join(own.directory, "app.txt"), "edited since\n")
    await writeFile(join(own.directory, "kept.txt"), "edited as well\n")

    expect(await checkouts.put(move, "from", EDITED, ctx)).toEqual([join(own.directory, `app.txt${EDITED}`)])

    expect(await readFile(join(own.directory, `app.txt${EDITED}`), "utf8")).toBe("edited since\n")
    expect(await readFile(join(own.directory, "app.txt"), "utf8")).toBe("1\n")
    expect(await readFile(join(own.directory, "kept.txt"), "utf8")).toBe("edited as well\n")
  })

  it("says which files of the operator lie where the next commit has files of its own", async () => {
    const { own, checkouts } = await world()
    await writeFile(join(own.directory, "new"), "mine\n")

    expect(await checkouts.inTheWay(own.directory, ["new/deep/file.txt", "old/next.txt", ".env"], ctx)).toEqual([".env", "new"])
    await rm(join(own.directory, "new"))
    expect(await checkouts.inTheWay(own.directory, ["new/deep/file.txt"], ctx)).toEqual([])
  })

  it("is not written through a link that somebody has put into it", async () => {
    const { directory, own, checkouts, copy, move } = await world()
    await checkouts.receive(move, copy, ctx)
    await mkdir(join(directory, "elsewhere"))
    await writeFile(join(directory, "elsewhere/gone.txt"), "old\n")
    await rm(join(own.directory, "old"), { recursive: true })
    await symlink(join(directory, "elsewhere"), join(own.directory, "old"))

    await expect(checkouts.put(move, "to", EDITED, ctx)).rejects.toMatchObject({ code: "NOT_PERMITTED" })
    expect(existsSync(join(directory, "elsewhere/gone.txt"))).toBe(true)
  })

  it("runs no hook and no monitor that lies in it", async () => {
    const { directory, own, checkouts, copy, move } = await world()
    const trace = join(directory, "trace")
    for (const hook of ["post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc"]) {
      await writeFile(join(own.directory, ".git/hooks", hook), `#!/bin/sh\necho ${hook} >> ${trace}\n`)
      await chmod(join(own.directory, ".git/hooks", hook), 0o755)
    }
    await writeFile(join(directory, "monitor"), `#!/bin/sh\necho monitor >> ${trace}\n`, { mode: 0o755 })
    own.git("config", "core.fsmonitor", join(directory, "monitor"))

    await checkouts.look(own.directory, ctx)
    await checkouts.receive(move, copy, ctx)
    await checkouts.put(move, "to", EDITED, ctx)

    expect(existsSync(trace)).toBe(false)
  })
})

describeNeeding("git", "root")("a checkout of another user", () => {
  it("is read and moved as that user, so that everything stays theirs", async () => {
    const { directory, own, checkouts, copy, move } = await world()
    await chmod(directory, 0o755)
    await command(["chown", "-R", "65534:65534", own.directory])
    expect(await checkouts.look(own.directory, ctx)).toMatchObject({ head: move.from })

    await checkouts.receive(move, copy, ctx)
    await checkouts.put(move, "to", EDITED, ctx)

    const strangers: string[] = []
    for (const name of await readdir(own.directory, { recursive: true }))
      if ((await lstat(join(own.directory, name))).uid !== 65534) strangers.push(name)
    expect(strangers).toEqual([])
    chownSync(own.directory, 0, 0)
  })
})
