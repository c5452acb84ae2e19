import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { chmod, link, mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { systemClock } from "../../base/clock.ts"
import { silentLog, silentProgress } from "../../base/run-context.ts"
import { surveyTree } from "./survey.ts"

const ctx = { signal: new AbortController().signal, progress: silentProgress, log: silentLog, clock: systemClock, operationId: "op" }
let root = ""
let outside = ""
beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-survey-"))
  root = join(directory, "root")
  outside = join(directory, "outside")
  await mkdir(root)
  await writeFile(outside, "outside")
})
afterEach(async () => {
  await rm(join(root, ".."), { recursive: true, force: true })
})

const survey = async (exclude: readonly string[] = []) => await surveyTree(root, { exclude }, ctx)

it("counts files, bytes and directories, and tells owner and mode of the root", async () => {
  await mkdir(join(root, "a/b"), { recursive: true })
  await writeFile(join(root, "a/one"), "12345")
  await writeFile(join(root, "a/b/two"), "123")
  await chmod(root, 0o2751)
  expect(await survey()).toMatchObject({
    files: 2,
    directories: 2,
    sizeBytes: 8,
    root: { uid: process.getuid?.(), gid: process.getgid?.(), mode: 0o2751 },
    mount: { isMountPoint: false, inside: [] },
    skipped: [],
    special: [],
    unreadable: [],
  })
})

it("never follows a link: not to a directory, not in a circle, not into nowhere", async () => {
  await symlink("/etc", join(root, "etc"))
  await symlink(".", join(root, "self"))
  await symlink("nowhere", join(root, "dangling"))
  expect(await survey()).toMatchObject({ files: 0, symbolicLinks: 3, absoluteLinks: ["etc → /etc"] })
})

it("lists sockets, FIFOs and devices as skipped, without opening them", async () => {
  execFileSync("mkfifo", [join(root, "fifo")])
  execFileSync("mknod", [join(root, "null"), "c", "1", "3"])
  const server = createServer().listen(join(root, "socket"))
  await once(server, "listening")
  try {
    const { files, skipped } = await survey()
    expect(files).toBe(0)
    expect(skipped.toSorted()).toEqual(["fifo (FIFO)", "null (device)", "socket (socket)"])
  } finally {
    server.close()
  }
})

it("tells hard links to files outside from those inside, and set-id files", async () => {
  await writeFile(join(root, "twice"), "x")
  await link(join(root, "twice"), join(root, "again"))
  await link(outside, join(root, "shared"))
  await writeFile(join(root, "setuid"), "")
  await chmod(join(root, "setuid"), 0o4755)
  const { files, special } = await survey()
  expect(files).toBe(4)
  expect(special.toSorted()).toEqual(["setuid: setuid", "shared: 1 hard links outside the tree"])
})

it("tells apparent from allocated size", async () => {
  await writeFile(join(root, "sparse"), "")
  await truncate(join(root, "sparse"), 1024 ** 3)
  const { sizeBytes, allocatedBytes } = await survey()
  expect(sizeBytes).toBe(1024 ** 3)
  expect(allocatedBytes).toBeLessThan(1024 ** 2)
})

it("finds every name, whatever its bytes, and shows it harmless", async () => {
  const names = [
    Buffer.from([0xff, 0xfe, 0x41]),
    Buffer.from("new\nline"),
    Buffer.from("\u202Egnp.exe"),
    Buffer.from("-rf"),
    Buffer.from("back\\slash"),
    Buffer.from("ü"),
  ]
  for (const name of names) {
    execFileSync("mkfifo", [join(root, "made")])
    await rename(join(root, "made"), Buffer.concat([Buffer.from(`${root}/`), name]))
  }
  const { skipped } = await survey()
  expect(skipped.toSorted()).toEqual(
    [
      "-rf (FIFO)",
      "\\xe2\\x80\\xaegnp.exe (FIFO)",
      "\\xff\\xfeA (FIFO)",
      "back\\\\slash (FIFO)",
      "new\\x0aline (FIFO)",
      "ü (FIFO)",
    ].toSorted(),
  )
})

it("reports names that a folding file system takes for the same", async () => {
  for (const name of ["Readme", "README", "\u00E9", "e\u0301"]) await writeFile(join(root, name), "")
  expect((await survey()).foldingCollisions).toHaveLength(2)
})

it("knows a mount point, and one inside", async () => {
  await mkdir(join(root, "inner"))
  execFileSync("mount", ["-t", "tmpfs", "holdfast-test", root])
  try {
    await mkdir(join(root, "inner"))
    execFileSync("mount", ["-t", "tmpfs", "none", join(root, "inner")])
    try {
      expect((await survey()).mount).toMatchObject({
        isMountPoint: true,
        fileSystem: "tmpfs",
        source: "holdfast-test",
        inside: [join(root, "inner")],
      })
    } finally {
      execFileSync("umount", [join(root, "inner")])
    }
  } finally {
    execFileSync("umount", [root])
  }
})

it("leaves out what is excluded, with everything below", async () => {
  await mkdir(join(root, "cache/deep"), { recursive: true })
  await writeFile(join(root, "cache/deep/x"), "1")
  await writeFile(join(root, "a.tmp-1"), "1")
  await writeFile(join(root, "keep"), "1")
  expect(await survey(["cache", "*.tmp-*"])).toMatchObject({ files: 1, directories: 0, sizeBytes: 1 })
})

it("reports what this user may not read instead of leaving it out silently", () => {
  const script = `
    import { surveyTree } from "${join(import.meta.dirname, "survey.ts")}"
    const ctx = { signal: new AbortController().signal, progress: { amount: () => undefined } }
    const { unreadable, files } = await surveyTree(process.argv[1], { exclude: [] }, ctx)
    console.log(JSON.stringify({ unreadable: unreadable.toSorted(), files }))`
  execFileSync("sh", ["-c", 'chmod 755 "$1/.." "$1"; cd "$1" && mkdir shut && touch shut/x closed open && chmod 0 shut closed', "sh", root])
  const said = execFileSync(
    "setpriv",
    ["--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, "--input-type=module", "-e", script, root],
    { encoding: "utf8", cwd: "/" },
  )
  expect(JSON.parse(said)).toEqual({ unreadable: ["closed", "shut"], files: 2 })
})

it("says that a root is missing, or is no directory", async () => {
  await expect(surveyTree(`${root}/none`, { exclude: [] }, ctx)).rejects.toMatchObject({
    code: "SOURCE_MISSING",
    message: `${root}/none does not exist`,
  })
  await expect(surveyTree(outside, { exclude: [] }, ctx)).rejects.toMatchObject({
    code: "SOURCE_MISSING",
    message: `${outside} is not a directory`,
  })
})

it("stops when it is cancelled", async () => {
  await writeFile(join(root, "x"), "")
  const cancel = new AbortController()
  cancel.abort(new Error("cancelled by the test"))
  await expect(surveyTree(root, { exclude: [] }, { ...ctx, signal: cancel.signal })).rejects.toThrow("cancelled by the test")
})

it("walks a tree deeper than any stack or path limit of a careless walker", async () => {
  execFileSync("sh", ["-c", 'cd "$1" && for i in $(seq 1 400); do mkdir d && cd d || exit 1; done; echo x > end', "sh", root])
  expect(await survey()).toMatchObject({ directories: 400, files: 1, unreadable: [] })
})
