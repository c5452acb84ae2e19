/** A database of an unknown engine, dumped and loaded by commands: what it says of itself, and that a swap can be gone back on. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { closeSync, openSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { CommandSource } from "../../src/app/app.ts"
import { emptyShape, type DatabaseEngine, type DumpSource } from "../../src/app/ports.ts"
import { systemClock } from "../../src/base/clock.ts"
import { silentLog, type RunContext } from "../../src/base/run-context.ts"
import { createCommandEngine } from "../../src/tool/engine/command/command.ts"
import { openPipe } from "../../src/tool/process/pipe.ts"
import { createProcesses, type Processes } from "../../src/tool/process/process.ts"

let directory = ""
let processes: Processes
let engine: DatabaseEngine<CommandSource>
let source: CommandSource
const nothing = (): void => undefined
const ctx: RunContext = {
  signal: new AbortController().signal,
  progress: { step: nothing, amount: nothing, note: nothing, warn: nothing },
  log: silentLog,
  clock: systemClock,
  operationId: "op",
}

const data = (): string => join(directory, "database")
const live = async (): Promise<string> => await readFile(data(), "utf8")

async function script(name: string, text: string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, `#!/bin/sh\n${text}\n`)
  await chmod(path, 0o700)
  return path
}

async function fromFile<T>(path: string, use: (dump: DumpSource) => Promise<T>): Promise<T> {
  const fd = openSync(path, "r")
  try {
    return await use({ fd, path })
  } finally {
    closeSync(fd)
  }
}

async function captured(): Promise<string> {
  const path = join(directory, "captured")
  const fd = openSync(path, "w")
  try {
    await engine.capture(source, { fd, path }, null, ctx)
  } finally {
    closeSync(fd)
  }
  return path
}

describe("a database that commands dump and load", () => {
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "holdfast-command-"))
    processes = createProcesses({ environment: { PATH: process.env["PATH"] ?? "" }, clock: systemClock, setpriv: null })
    engine = createCommandEngine({ processes, directory: join(directory, "dumps") })
    await writeFile(data(), "the first state\n")
    source = {
      engine: "command",
      name: "toy",
      dump: [await script("dump", `cat ${data()}`)],
      restore: [await script("restore", `cat > ${data()}`)],
    }
  })
  afterEach(async () => await rm(directory, { recursive: true, force: true }))

  it("is captured, staged beside without touching it, swapped in and swapped back", async () => {
    const dump = await captured()
    await writeFile(data(), "the second state\n")
    const names = engine.planNames(source, "op")
    await fromFile(dump, async (stream) => await engine.stage(source, names.staged, stream, emptyShape, null, ctx))
    expect(await live()).toBe("the second state\n")
    await engine.swapIn(source, names, ctx)
    expect(await live()).toBe("the first state\n")
    await engine.swapIn(source, names, ctx)
    expect(await live()).toBe("the first state\n")
    expect(await engine.observe(source, names, ctx)).toEqual({ live: true, staged: false, kept: true, failed: false })
    await engine.swapBack(source, names, ctx)
    expect(await live()).toBe("the second state\n")
    await engine.swapBack(source, names, ctx)
    expect(await live()).toBe("the second state\n")
    expect(await engine.observe(source, names, ctx)).toEqual({ live: true, staged: false, kept: false, failed: true })
    await engine.drop(source, names.failed, ctx)
    expect(await engine.observe(source, names, ctx)).toEqual({ live: true, staged: false, kept: false, failed: false })
    await expect(engine.drop(source, names.live, ctx)).rejects.toMatchObject({ code: "TARGET_IS_LIVE" })
  })

  it("fails its point when the dump command exits with anything but 0, keeping its last words", async () => {
    source = { ...source, dump: [await script("dump", `cat ${data()}; echo 'no such table' >&2; exit 3`)] }
    await expect(captured()).rejects.toMatchObject({
      code: "DATABASE_DUMP_FAILED",
      message: `${source.dump[0]} ended with exit code 3`,
      why: expect.stringContaining("no such table"),
    })
  })

  it("is not swapped when the present state cannot be dumped aside", async () => {
    const names = engine.planNames(source, "op")
    await fromFile(await captured(), async (stream) => await engine.stage(source, names.staged, stream, emptyShape, null, ctx))
    await writeFile(data(), "the second state\n")
    source = { ...source, dump: [await script("dump", "echo half; exit 1")] }
    await expect(engine.swapIn(source, names, ctx)).rejects.toMatchObject({ code: "DATABASE_DUMP_FAILED" })
    expect(await live()).toBe("the second state\n")
    expect((await engine.observe(source, names, ctx)).kept).toBe(false)
  })

  it("can be gone back on when loading fails half-way", async () => {
    const names = engine.planNames(source, "op")
    await fromFile(await captured(), async (stream) => await engine.stage(source, names.staged, stream, emptyShape, null, ctx))
    await writeFile(data(), "the second state\n")
    const whole = source
    source = { ...source, restore: [await script("half", `head -c 3 > ${data()}; exit 1`)] }
    await expect(engine.swapIn(source, names, ctx)).rejects.toMatchObject({ code: "DATABASE_RESTORE_FAILED" })
    expect(await live()).toBe("the")
    await engine.swapBack(whole, names, ctx)
    expect(await live()).toBe("the second state\n")
  })

  it("refuses an empty dump, at the check and at staging", async () => {
    const empty = join(directory, "empty")
    await writeFile(empty, "")
    await expect(fromFile(empty, async (stream) => await engine.checkDump(stream, ctx))).rejects.toMatchObject({ code: "DUMP_TRUNCATED" })
    const names = engine.planNames(source, "op")
    const staging = fromFile(empty, async (stream) => await engine.stage(source, names.staged, stream, emptyShape, null, ctx))
    await expect(staging).rejects.toMatchObject({ code: "DUMP_TRUNCATED", message: "the dump is empty" })
    expect((await engine.observe(source, names, ctx)).staged).toBe(false)
  })

  it("does not take the end of a stream that broke off for the end of the dump", async () => {
    const pipe = await openPipe(processes, directory, ctx.signal)
    const broken = new AbortController()
    const names = engine.planNames(source, "op")
    const stream = { fd: pipe.readFd, path: pipe.path, signal: broken.signal }
    const staging = engine.stage(source, names.staged, stream, emptyShape, null, ctx)
    try {
      await writeFile(pipe.path, "half of a dump")
      broken.abort(new Error("the vault's stream broke off"))
      await expect(staging).rejects.toThrow("the vault's stream broke off")
      expect((await engine.observe(source, names, ctx)).staged).toBe(false)
    } finally {
      pipe.closeWrite()
      pipe.closeRead()
      await pipe.dispose()
    }
  })

  it("has no sandbox, and says so", async () => {
    const request = { image: null, majorVersion: "1", shape: emptyShape, directory }
    await expect(engine.scratch(source, request, async () => await Promise.resolve(), ctx)).rejects.toMatchObject({
      code: "SANDBOX_REFUSED",
    })
  })
})
