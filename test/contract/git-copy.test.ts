import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { chmod, lstat, mkdir, readFile, readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { inspect } from "node:util"
import { beforeAll, expect, it } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import type { GitRepositories } from "../../src/release/git-ports.ts"
import { createGitRepositories } from "../../src/tool/git/copy.ts"
import { createProcesses } from "../../src/tool/process/process.ts"
import { createRepository, type TestRepository } from "../fixture/git-repository.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { suiteDirectory, temporaryDirectory } from "../fixture/tmp.ts"

const ctx = { signal: new AbortController().signal }

async function gitIn(directory: string): Promise<GitRepositories> {
  const copies = join(directory, "copies")
  await mkdir(copies, { recursive: true })
  const environment = { PATH: process.env["PATH"] ?? "", HOME: directory }
  return createGitRepositories({
    processes: createProcesses({ environment, clock: systemClock, setpriv: null }),
    binary: "git",
    directory: copies,
  })
}

describeNeeding("git")("our own copy of a vendor's git repository", () => {
  let directory = ""
  let vendor: TestRepository
  let git: GitRepositories
  const commits: string[] = []

  beforeAll(async () => {
    directory = await suiteDirectory("git-copy")
    vendor = createRepository(join(directory, "vendor"))
    commits.push(vendor.commit("first", { "app.txt": "1\n", "CHANGELOG.md": "# 1.0.0\n", "bin/run": "#!/bin/sh\n", "gone.txt": "x" }))
    vendor.git("tag", "v1.0.0")
    commits.push(
      vendor.commit("second \u001B[31mred", { "app.txt": "2\n", "CHANGELOG.md": "# 1.1.0\n# 1.0.0\n", "gone.txt": null, "new.txt": "n" }),
    )
    vendor.git("tag", "--annotate", "--message", "one", "v1.1.0")
    commits.push(vendor.commit("third", { "app.txt": "3\n" }))
    git = await gitIn(directory)
  })

  it("knows branches, tags, and the commits between two with author and subject, newest first", async () => {
    const copy = await git.fetch("shop", vendor.url, ctx)

    expect(await copy.tip("main", ctx)).toEqual({
      id: commits[2],
      subject: "third",
      author: "Ada Vendor",
      authoredAt: new Date("2026-03-01T10:00:00Z"),
    })
    expect(await copy.tags(ctx)).toEqual([
      { name: "v1.0.0", commit: commits[0] },
      { name: "v1.1.0", commit: commits[1] },
    ])
    expect((await copy.tags(ctx, commits[0])).map(({ name }) => name)).toEqual(["v1.0.0"])
    const between = await copy.between(commits[0] ?? "", commits[2] ?? "", 1, ctx)
    expect(between.count).toBe(2)
    expect(between.newest.map(({ subject }) => subject)).toEqual(["third"])
  })

  it("shows no control characters of a subject", async () => {
    const copy = await git.fetch("shop", vendor.url, ctx)

    expect((await copy.commit(commits[1] ?? "", ctx)).subject).toBe("second  [31mred")
  })

  it("reads files of a commit and which paths are others in the next", async () => {
    const copy = await git.fetch("shop", vendor.url, ctx)

    expect(await copy.fileAt(commits[1] ?? "", "CHANGELOG.md", ctx)).toBe("# 1.1.0\n# 1.0.0\n")
    expect(await copy.fileAt(commits[1] ?? "", "gone.txt", ctx)).toBeNull()
    expect(await copy.difference(commits[0] ?? "", commits[1] ?? "", "app.txt", ctx)).toBe(
      "--- a/app.txt\n+++ b/app.txt\n@@ -1 +1 @@\n-1\n+2\n",
    )
    expect(await copy.changedPaths(commits[0] ?? "", commits[1] ?? "", ctx)).toEqual([
      { path: "CHANGELOG.md", change: "changed" },
      { path: "app.txt", change: "changed" },
      { path: "gone.txt", change: "removed" },
      { path: "new.txt", change: "added" },
    ])
  })

  it("tells whether history goes on or was rewritten", async () => {
    const copy = await git.fetch("shop", vendor.url, ctx)

    expect(await copy.isAncestor(commits[0] ?? "", commits[2] ?? "", ctx)).toBe(true)
    expect(await copy.isAncestor(commits[2] ?? "", commits[0] ?? "", ctx)).toBe(false)
    expect(await copy.has("0".repeat(40), ctx)).toBe(false)
  })

  it("writes the files of a commit without anything of git beside them, for everybody to read", async () => {
    const copy = await git.fetch("shop", vendor.url, ctx)
    const target = join(await temporaryDirectory("git-export"), "out")

    await copy.exportTo(commits[1] ?? "", target, ctx)

    expect((await readdir(target)).toSorted()).toEqual(["CHANGELOG.md", "app.txt", "bin", "new.txt"])
    expect(await readFile(join(target, "app.txt"), "utf8")).toBe("2\n")
    expect((await lstat(target)).mode & 0o777).toBe(0o755)
    expect((await lstat(join(target, "app.txt"))).mode & 0o777).toBe(0o644)
    await expect(copy.exportTo(commits[1] ?? "", target, ctx)).rejects.toMatchObject({ code: "TARGET_NOT_EMPTY" })
  })

  it("works from what was fetched when the remote is gone, and says that it is gone", async () => {
    await git.fetch("shop", vendor.url, ctx)

    expect(await (await git.copy("shop", ctx))?.has(commits[2] ?? "", ctx)).toBe(true)
    expect(await git.copy("never-fetched", ctx)).toBeNull()
    await expect(git.fetch("gone", `file://${directory}/nothing-here`, ctx)).rejects.toMatchObject({
      code: "RELEASE_SOURCE_UNREACHABLE",
      message: `the git repository file://${directory}/nothing-here could not be fetched`,
    })
  })

  it("has no branch that is not there, nor one that looks like an option", async () => {
    const copy = await git.fetch("shop", vendor.url, ctx)

    for (const branch of ["nightly", "--upload-pack=touch", "main^{tree}", "../tags/v1.0.0"])
      await expect(copy.tip(branch, ctx), branch).rejects.toMatchObject({ code: "RELEASE_UNKNOWN" })
  })

  it("is not led to another program by an address", async () => {
    const trace = join(directory, "trace")
    const addresses = [
      `ext::sh -c touch% ${trace}`,
      "git://vendor.example/x.git",
      "ssh://-oProxyCommand=touch/x",
      "-oProxyCommand=x:y",
      "http://vendor.example/x.git",
      "--upload-pack=touch",
      "fd::17",
    ]

    for (const address of addresses)
      await expect(git.fetch("led", address, ctx), address).rejects.toMatchObject({ code: "RELEASE_SOURCE_REFUSED" })
    expect(existsSync(trace)).toBe(false)
  })

  it("never repeats what signs in to an address", async () => {
    const thrown: unknown = await git.fetch("secret", "https://bot:hunter2@127.0.0.1:9/x.git", ctx).catch((error: unknown) => error)

    expect(inspect(thrown, { depth: 9 })).not.toContain("hunter2")
    expect(thrown).toMatchObject({
      code: "RELEASE_SOURCE_UNREACHABLE",
      message: "the git repository https://127.0.0.1:9/x.git could not be fetched",
    })
  })
})

describeNeeding("git")("a hostile git repository", () => {
  async function hostile(): Promise<{ vendor: TestRepository; git: GitRepositories; directory: string }> {
    const directory = await temporaryDirectory("git-hostile")
    const vendor = createRepository(join(directory, "vendor"))
    return { vendor, git: await gitIn(directory), directory }
  }

  it("with refs that look like options is fetched like any other", async () => {
    const { vendor, git, directory } = await hostile()
    const commit = vendor.commit("one", { "a.txt": "a" })
    vendor.git("update-ref", `refs/heads/--upload-pack=touch ${join(directory, "trace")}`.replaceAll(" ", "_"), commit)
    vendor.git("update-ref", "refs/tags/--output=trace", commit)

    const copy = await git.fetch("shop", vendor.url, ctx)

    expect((await copy.tip("main", ctx)).id).toBe(commit)
    expect((await copy.tags(ctx)).map(({ name }) => name)).toEqual(["--output=trace"])
    expect(existsSync(join(directory, "trace"))).toBe(false)
  })

  it("with hooks and programs in its own configuration runs none of them", async () => {
    const { vendor, git, directory } = await hostile()
    const trace = join(directory, "trace")
    const commit = vendor.commit("one", { "a.txt": "a" })
    const script = `#!/bin/sh\ntouch ${trace}\n`
    for (const hook of ["post-checkout", "reference-transaction", "post-merge", "fsmonitor-watchman"]) {
      await writeFile(join(vendor.directory, ".git/hooks", hook), script)
      await chmod(join(vendor.directory, ".git/hooks", hook), 0o755)
    }

    const copy = await git.fetch("shop", vendor.url, ctx)
    await copy.exportTo(commit, join(directory, "out"), ctx)

    expect(existsSync(trace)).toBe(false)
    expect(await readdir(join(copy.directory, "hooks")).catch(() => [])).toEqual([])
  })

  it("whose files pass through a filter is refused by name, and the filter does not run", async () => {
    const { vendor, git, directory } = await hostile()
    const trace = join(directory, "trace")
    const commit = vendor.commit("one", {
      ".gitattributes": "# filter=none\n*.bin filter=evil\n",
      "deep/.gitattributes": "* text\n",
      "a.bin": "a",
    })
    await writeFile(join(directory, ".gitconfig"), `[filter "evil"]\n\tsmudge = touch ${trace}\n\tclean = touch ${trace}\n`)

    const copy = await git.fetch("shop", vendor.url, ctx)

    expect(await copy.obstacles(commit, ctx)).toEqual(["files pass through a filter, by .gitattributes"])
    await expect(copy.exportTo(commit, join(directory, "out"), ctx)).rejects.toMatchObject({ code: "RELEASE_INVALID" })
    expect(existsSync(trace)).toBe(false)
  })

  it("with a submodule that names a program is refused by name, and the program does not run", async () => {
    const { vendor, git, directory } = await hostile()
    const trace = join(directory, "trace")
    const inner = vendor.commit("one", { "a.txt": "a" })
    await writeFile(join(vendor.directory, ".gitmodules"), `[submodule "evil"]\n\tpath = evil\n\turl = ext::sh -c touch% ${trace}\n`)
    vendor.git("update-index", "--add", "--cacheinfo", `160000,${inner},evil`)
    vendor.git("add", ".gitmodules")
    vendor.git("commit", "--quiet", "--message", "submodule")
    const commit = vendor.git("rev-parse", "HEAD")

    const copy = await git.fetch("shop", vendor.url, ctx)

    expect(await copy.obstacles(commit, ctx)).toEqual(["there are submodules: evil"])
    await expect(copy.exportTo(commit, join(directory, "out"), ctx)).rejects.toMatchObject({ code: "RELEASE_INVALID" })
    expect(existsSync(trace)).toBe(false)
  })

  it("whose files lie about where they are writes nothing outside", async () => {
    const { vendor, git, directory } = await hostile()
    vendor.commit("one", { "a.txt": "a" })
    const blob = execFileSync("git", ["-C", vendor.directory, "hash-object", "-w", "--stdin"], { input: "out", encoding: "utf8" }).trim()
    const tree = execFileSync("git", ["-C", vendor.directory, "mktree"], { input: `100644 blob ${blob}\t.git\n`, encoding: "utf8" }).trim()
    vendor.git("update-ref", "refs/heads/main", vendor.git("commit-tree", tree, "-m", "evil"))

    await expect(git.fetch("shop", vendor.url, ctx)).rejects.toMatchObject({ code: "RELEASE_SOURCE_UNREACHABLE" })
    expect(existsSync(join(directory, "out"))).toBe(false)
  })
})

describeNeeding("git")("a commit that has to be signed", () => {
  it("is taken when somebody of the file signed it, and else refused with the reason", async () => {
    const directory = await temporaryDirectory("git-signed")
    const vendor = createRepository(join(directory, "vendor"))
    for (const name of ["vendor-key", "other-key"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", join(directory, name)])
    const signers = join(directory, "signers")
    await writeFile(signers, `ada@vendor.example ${await readFile(join(directory, "vendor-key.pub"), "utf8")}`)
    const signedBy = (key: string, message: string): string => {
      vendor.git(
        "-c",
        "gpg.format=ssh",
        "-c",
        `user.signingKey=${join(directory, key)}`,
        "commit",
        "--quiet",
        "--allow-empty",
        "-S",
        "-m",
        message,
      )
      return vendor.git("rev-parse", "HEAD")
    }
    const [good, foreign, plain] = [signedBy("vendor-key", "good"), signedBy("other-key", "foreign"), vendor.commit("plain", {})]
    const copy = await (await gitIn(directory)).fetch("shop", vendor.url, ctx)

    await copy.requireSigned({ commit: good }, signers, ctx)

    await expect(copy.requireSigned({ commit: foreign }, signers, ctx)).rejects.toMatchObject({ code: "RELEASE_SIGNATURE_INVALID" })
    await expect(copy.requireSigned({ commit: plain }, signers, ctx)).rejects.toMatchObject({ code: "RELEASE_SIGNATURE_MISSING" })
  })
})
