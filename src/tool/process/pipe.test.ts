import { existsSync, readdirSync, statSync, writeSync } from "node:fs"
import { dirname, join } from "node:path"
import { expect, it } from "vitest"
import { temporaryDirectory } from "../../../test/fixture/tmp.ts"
import { systemClock } from "../../base/clock.ts"
import { openPipe } from "./pipe.ts"
import { createProcesses } from "./process.ts"

const processes = createProcesses({ environment: { PATH: "/usr/bin:/bin" }, clock: systemClock, setpriv: null })
const never = new AbortController().signal

it("joins two children, and the reader sees the end only when we close our own end, not when the writer dies", async () => {
  const pipe = await openPipe(processes, await temporaryDirectory("pipe"), never)
  let ended = false
  const lines: string[] = []
  const reader = processes.start({
    argv: ["cat"],
    stdin: { fd: pipe.readFd },
    stdout: { onLine: (line) => lines.push(line) },
    signal: never,
  })
  const finished = reader.done.then((result) => {
    ended = true
    return result
  })
  pipe.closeRead()
  try {
    const writer = await processes.run({ argv: ["sh", "-c", "echo half; kill -KILL $$"], stdout: { fd: pipe.writeFd }, signal: never })
    expect(writer.signal).toBe("SIGKILL")
    await expect.poll(() => lines, { timeout: 20_000 }).toEqual(["half"])
    await processes.run({ argv: ["true"], signal: never })
    expect(ended).toBe(false)
    writeSync(pipe.writeFd, "rest\n")
    pipe.closeWrite()
    expect((await finished).exitCode).toBe(0)
    expect(lines).toEqual(["half", "rest"])
  } finally {
    await pipe.dispose()
    await reader.end()
  }
})

it("can be written by path, as a container does", async () => {
  const pipe = await openPipe(processes, await temporaryDirectory("pipe"), never)
  const reader = processes.start({ argv: ["cat"], stdin: { fd: pipe.readFd }, signal: never })
  pipe.closeRead()
  await processes.run({ argv: ["sh", "-c", 'echo hello > "$1"', "sh", pipe.path], signal: never })
  pipe.closeWrite()
  expect((await reader.done).stdout).toBe("hello\n")
  await pipe.dispose()
})

it("is private, closing twice is harmless, and nothing is left of it", async () => {
  const parent = await temporaryDirectory("pipe")
  const pipe = await openPipe(processes, parent, never)
  expect(statSync(pipe.path).isFIFO()).toBe(true)
  expect(statSync(pipe.path).mode & 0o777).toBe(0o600)
  expect(statSync(dirname(pipe.path)).mode & 0o777).toBe(0o700)
  pipe.closeRead()
  pipe.closeRead()
  pipe.closeWrite()
  await pipe.dispose()
  await pipe.dispose()
  expect(existsSync(pipe.path)).toBe(false)
  expect(readdirSync(parent)).toEqual([])
})

it("that cannot be made leaves no directory", async () => {
  const parent = await temporaryDirectory("pipe")
  const without = createProcesses({ environment: { PATH: "/nowhere" }, clock: systemClock, setpriv: null })
  await expect(openPipe(without, parent, never)).rejects.toMatchObject({ code: "TOOL_MISSING" })
  expect(readdirSync(parent)).toEqual([])
  await expect(openPipe(processes, join(parent, "absent"), never)).rejects.toThrow("ENOENT")
})
