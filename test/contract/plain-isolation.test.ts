/** What a rehearsed command of a plain program can reach, in the namespaces of this machine. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { expect, it } from "vitest"
import type { App, Argv } from "../../src/app/app.ts"
import { systemClock } from "../../src/base/clock.ts"
import { createCommandRunner } from "../../src/tool/process/command-runner.ts"
import { createProcesses } from "../../src/tool/process/process.ts"
import { runCommandOf, type CommandData } from "../../src/update/place/plain-commands.ts"
import { isolationFor } from "../../src/update/rehearse/plain-isolation.ts"
import { exampleApp, exampleContext } from "../fixture/example.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { exampleRelease } from "../fixture/update.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"

async function place() {
  const directory = await temporaryDirectory("isolation")
  for (const name of ["data", "uploads", "copy", "release"]) await mkdir(join(directory, name))
  await writeFile(join(directory, "data/main.db"), "live")
  const app: App = exampleApp({
    databases: [{ engine: "sqlite", name: "main", place: { path: join(directory, "data/main.db") } }],
    files: [{ name: "up-loads", place: { path: join(directory, "uploads") }, exclude: [], defaultOwner: null, mustBeMounted: false }],
  })
  const commands = createCommandRunner(
    createProcesses({ environment: { PATH: process.env["PATH"] ?? "" }, clock: systemClock, setpriv: "/usr/bin/setpriv" }),
  )
  const isolate = await isolationFor(commands, app, exampleContext())
  if (isolate === null) throw new Error("there are no namespaces")
  const copy = { engine: "sqlite" as const, name: "main", place: { path: join(directory, "copy/main.db") } }
  const data: CommandData = { databases: { main: copy }, files: { "up-loads": join(directory, "copy") }, rehearsal: true }
  const release = exampleRelease("1.1.0", { directory: { path: join(directory, "release"), digest: "sha256:" } })
  const run = async (...argv: Argv) =>
    await runCommandOf(commands, release, isolate(argv), data, { timeoutMs: 20_000, quiet: { MAIL: "off" } }, exampleContext())
  return { directory, run }
}

describeNeeding("root")("a rehearsed command of a plain program", () => {
  it("writes the copy that its variables name, in the directory of its version, and not the live data", async () => {
    const { directory, run } = await place()
    const script = `pwd; echo "$MAIL $HOLDFAST_VERSION $HOLDFAST_REHEARSAL"; echo new > "$HOLDFAST_DATABASE_MAIN"; echo x > "$HOLDFAST_FILES_UP_LOADS/file"
      echo bad > ${directory}/data/main.db || echo refused; echo bad > ${directory}/uploads/file || echo refused`

    const ended = await run("sh", "-c", script)

    expect(ended.stdout.trim().split("\n")).toEqual([join(directory, "release"), "off 1.1.0 yes", "refused", "refused"])
    expect(ended.stderrTail).toContain("Read-only file system")
    expect(await readFile(join(directory, "data/main.db"), "utf8")).toBe("live")
    expect(await readFile(join(directory, "copy/main.db"), "utf8")).toBe("new\n")
    expect(await readdir(join(directory, "uploads"))).toEqual([])
    // What it was kept from is as writable as before for everybody else.
    await writeFile(join(directory, "uploads/after"), "")
  })

  it("reaches nobody: not even what listens on this machine", async () => {
    const { run } = await place()
    const server = createServer((socket) => socket.end("hello"))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    const port = typeof address === "object" ? (address?.port ?? 0) : 0
    const ask = `require("net").connect(${port}, "127.0.0.1").on("connect", () => process.exit(0)).on("error", () => process.exit(7))`
    try {
      expect((await run(process.execPath, "-e", ask)).exitCode).toBe(7)
    } finally {
      server.close()
    }
  })
})
