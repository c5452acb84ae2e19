import { spawn } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { temporaryDirectory } from "../../../test/fixture/tmp.ts"
import { systemClock } from "../../base/clock.ts"
import { Secret } from "../../base/secret.ts"
import { createProcesses, type ChildRequest, type Processes } from "./process.ts"

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
const SETPRIV = "/usr/bin/setpriv"
const never = new AbortController().signal
const ways = existsSync(SETPRIV) ? [null, SETPRIV] : [null]

function room(setpriv: string | null = null): Processes {
  return createProcesses({ environment: { PATH, LC_ALL: "C.UTF-8" }, clock: systemClock, setpriv })
}

function shell(script: string, more: Partial<ChildRequest> = {}): ChildRequest {
  return { argv: ["sh", "-c", script], signal: never, ...more }
}

/** Gone, or dead and not yet collected by whoever inherited it. */
function isGone(processId: number): boolean {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, "utf8")
    return /^[ZX]$/.test(stat.slice(stat.lastIndexOf(")") + 2).charAt(0))
  } catch {
    return true
  }
}

async function untilGone(processId: number): Promise<void> {
  await expect.poll(() => isGone(processId), { timeout: 20_000, interval: 20 }).toBe(true)
}

describe.each(ways)("a child (through %s)", (setpriv) => {
  const { run, start } = room(setpriv)

  it("is told by its exit code, 0 or not, with both its outputs", async () => {
    const result = await run(shell("echo out; echo why >&2; exit 3"))
    expect(result).toMatchObject({ exitCode: 3, signal: null, stdout: "out\n", stderrTail: "why" })
    expect(result.durationMs).toBeGreaterThan(0)
    expect(await run(shell("true"))).toMatchObject({ exitCode: 0, stdout: "" })
  })

  it("that died from a signal has no exit code", async () => {
    expect(await run(shell("kill -TERM $$"))).toMatchObject({ exitCode: null, signal: "SIGTERM" })
  })

  it("that is not there is TOOL_MISSING, by its own name", async () => {
    await expect(run({ argv: ["no-such-program-here", "x"], signal: never })).rejects.toMatchObject({
      code: "TOOL_MISSING",
      message: "no-such-program-here could not be started",
    })
    const child = start({ argv: ["/etc"], signal: never })
    await expect(child.done).rejects.toMatchObject({ code: "TOOL_MISSING" })
    await child.end()
  })

  it("gets the allow-listed environment and what it is given, nothing of ours", async () => {
    process.env["HOLDFAST_LEAK"] = "leaked"
    try {
      const { stdout } = await run({ argv: ["env"], signal: never, environment: { A: "1", B: new Secret("hunter2") } })
      expect(stdout.trim().split("\n").toSorted()).toEqual(["A=1", "B=hunter2", "LC_ALL=C.UTF-8", `PATH=${PATH}`])
    } finally {
      delete process.env["HOLDFAST_LEAK"]
    }
  })

  it("shows no secret in its arguments, whether it came by environment or standard input", async () => {
    const script = "cat >/dev/null; tr '\\0' ' ' </proc/$$/cmdline; tr '\\0' ' ' </proc/$PPID/cmdline"
    const { stdout } = await run(
      shell(script, { environment: { PGPASSWORD: new Secret("by-env") }, stdin: { text: new Secret("by-stdin") } }),
    )
    expect(stdout).toContain("cmdline")
    expect(stdout).not.toMatch(/by-env|by-stdin|\[secret\]/)
    expect((await run({ argv: ["cat"], signal: never, stdin: { text: new Secret("by-stdin") } })).stdout).toBe("by-stdin")
  })

  it("has no standard input unless it is given one", async () => {
    expect((await run({ argv: ["cat"], signal: never })).stdout).toBe("")
  })

  it("that ends without reading megabytes of input is judged by its exit code", async () => {
    const text = "x".repeat(4_000_000)
    expect((await run(shell("exit 0", { stdin: { text } }))).exitCode).toBe(0)
    expect((await run(shell("exit 7", { stdin: { text } }))).exitCode).toBe(7)
  })

  it("is ended by cancellation with its whole group, and the reason is what was given", async () => {
    const cancel = new AbortController()
    const pids: number[] = []
    const request = shell("sleep 300 & echo $!; echo $$; wait", {
      signal: cancel.signal,
      stdout: { onLine: (line) => pids.push(Number(line)) },
    })
    const { done } = start(request)
    await expect.poll(() => pids.length, { timeout: 20_000 }).toBe(2)
    cancel.abort(new Error("asked to stop"))
    await expect(done).rejects.toThrow("asked to stop")
    for (const processId of pids) await untilGone(processId)
  })

  it("leaves nobody of its group behind, even one that ignores SIGTERM and has closed its outputs", async () => {
    const cancel = new AbortController()
    const pids: number[] = []
    const stubborn = "trap '' TERM; exec >/dev/null 2>&1; while :; do sleep 1; done"
    const request = shell(`sh -c "${stubborn}" & echo $!; wait`, {
      signal: cancel.signal,
      killAfterMs: 600_000,
      stdout: { onLine: (line) => pids.push(Number(line)) },
    })
    const { done } = start(request)
    await expect.poll(() => pids.length, { timeout: 20_000 }).toBe(1)
    const [stubbornId = -1] = pids
    // The trap is set once its outputs are closed, which comes after it.
    await expect
      .poll(() => readFileSync(`/proc/${stubbornId}/status`, "utf8"), { timeout: 20_000 })
      .toMatch(/SigIgn:\s+[0-9a-f]*[4-7c-f][0-9a-f]{3}\n/)
    cancel.abort(new Error("stop"))
    await expect(done).rejects.toThrow("stop")
    await untilGone(stubbornId)
  })

  it("that ignores SIGTERM is killed after the limit", async () => {
    const cancel = new AbortController()
    const ready = Promise.withResolvers<void>()
    const child = start(
      shell("trap '' TERM; echo ready; while :; do sleep 1; done", {
        signal: cancel.signal,
        killAfterMs: 100,
        stdout: { onLine: () => ready.resolve() },
      }),
    )
    await ready.promise
    cancel.abort(new Error("stop"))
    await expect(child.done).rejects.toThrow("stop")
    await untilGone(child.processId)
  })

  it("that takes SIGTERM may finish its own way, and is still reported as cancelled", async () => {
    const cancel = new AbortController()
    const lines: string[] = []
    const { done } = start(
      shell("trap 'echo tidied; exit 0' TERM; echo ready; while :; do sleep 0.05; done", {
        signal: cancel.signal,
        stdout: { onLine: (line) => lines.push(line) },
      }),
    )
    await expect.poll(() => lines, { timeout: 20_000 }).toEqual(["ready"])
    cancel.abort(new Error("stop"))
    await expect(done).rejects.toThrow("stop")
    expect(lines).toEqual(["ready", "tidied"])
  })

  it("started under a signal that is already aborted is ended at once", async () => {
    await expect(run(shell("sleep 300", { signal: AbortSignal.abort(new Error("too late")) }))).rejects.toThrow("too late")
  })

  it("over its time is TOOL_TIMEOUT", async () => {
    await expect(run(shell("sleep 300", { timeoutMs: 50 }))).rejects.toMatchObject({
      code: "TOOL_TIMEOUT",
      message: "sh did not finish within 50 ms",
    })
  })

  it("can be ended by its owner, who then knows that it is gone", async () => {
    const child = start(shell("sleep 300"))
    await child.end()
    await untilGone(child.processId)
    expect(await child.done).toMatchObject({ exitCode: null, signal: "SIGTERM" })
  })

  it("that is gone already is not ended again: no signal to whoever has its id now, no timer that keeps us from ending", async () => {
    const child = start(shell("true"))
    await child.done
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length
    const before = timers()
    await child.end()

    expect(timers()).toBe(before)
  })

  it("writing 50 MB to standard error leaves the last 64 KiB, the reason included", async () => {
    const { exitCode, stderrTail } = await run(shell("head -c 50000000 /dev/zero | tr '\\0' x >&2; echo 'the reason' >&2; exit 1"))
    expect(exitCode).toBe(1)
    expect(stderrTail.endsWith("xxxthe reason")).toBe(true)
    expect(stderrTail.length).toBeGreaterThan(65_000)
    expect(stderrTail.length).toBeLessThanOrEqual(65_536)
  })

  it("writing without end is ended as soon as it is over the limit", async () => {
    await expect(run({ argv: ["yes"], signal: never, maxOutputBytes: 100_000 })).rejects.toMatchObject({
      code: "TOOL_FAILED",
      message: "yes printed more than is plausible",
    })
  })

  it("writing a line without end is ended, and nothing of that line is handed over", async () => {
    const lines: string[] = []
    const request = shell("echo first; tr '\\0' x </dev/zero", { stdout: { onLine: (line) => lines.push(line) } })
    await expect(run(request)).rejects.toMatchObject({ code: "TOOL_FAILED" })
    expect(lines).toEqual(["first"])
  })

  it("hands over lines of both outputs, long ones and the last one without its end included", async () => {
    const out: string[] = []
    const err: string[] = []
    await run(
      shell("head -c 5000000 /dev/zero | tr '\\0' y; echo; printf 'é\\nlast'; printf 'a\\nb' >&2", {
        stdout: { onLine: (line) => out.push(line) },
        onStderrLine: (line) => err.push(line),
      }),
    )
    expect(out.map((line) => (line.length > 100 ? line.length : line))).toEqual([5_000_000, "é", "last"])
    expect(err).toEqual(["a", "b"])
  })
})

it.skipIf(!existsSync(SETPRIV))("a child dies with us, even when we are killed without a word", async () => {
  const script = join(await temporaryDirectory("orphan"), "parent.ts")
  writeFileSync(
    script,
    `import { createProcesses } from ${JSON.stringify(join(import.meta.dirname, "process.ts"))}
     import { systemClock } from ${JSON.stringify(join(import.meta.dirname, "../../base/clock.ts"))}
     const room = createProcesses({ environment: { PATH: ${JSON.stringify(PATH)} }, clock: systemClock, setpriv: ${JSON.stringify(SETPRIV)} })
     const argv = ["sh", "-c", "echo $$; exec sleep 300"] as const
     await room.run({ argv: [...argv], signal: new AbortController().signal, stdout: { onLine: (line) => console.log(line) } })`,
  )
  const parent = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] })
  try {
    const processId = await new Promise<number>((resolve, reject) => {
      parent.stdout.on("data", (chunk: Buffer) => resolve(Number(chunk.toString())))
      parent.on("exit", () => reject(new Error("the parent ended early")))
    })
    expect(isGone(processId)).toBe(false)
    parent.kill("SIGKILL")
    await untilGone(processId)
  } finally {
    parent.kill("SIGKILL")
  }
})
