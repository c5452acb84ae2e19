/** Times whole commands as an operator would wait for them, and watches how large our own process gets. */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"

export interface Command {
  readonly argv: readonly [string, ...string[]]
  readonly environment?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export interface Sample {
  readonly durationMs: number
  /** Peak resident memory of the process itself, without its children. */
  readonly peakBytes: number
}

/** A pipeline that fails when any of its programs fails. */
export function shell(script: string, environment: Readonly<Record<string, string>> = {}): Command {
  return { argv: ["bash", "-o", "pipefail", "-euc", script], environment }
}

/** Runs it once. Rejects with the tail of its output unless it exits 0. */
export function once(command: Command): Promise<Sample> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const [program, ...rest] = command.argv
    const child = spawn(program, rest, {
      cwd: command.cwd,
      env: { ...process.env, ...command.environment },
      stdio: ["ignore", "ignore", "pipe"],
    })
    let tail = ""
    let peakBytes = 0
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, peakOf(child.pid))
    }, 20)
    child.stderr.on("data", (chunk: Buffer) => {
      tail = (tail + chunk.toString("utf8")).slice(-4000)
    })
    child.on("error", reject)
    child.on("close", (code) => {
      clearInterval(watch)
      const durationMs = performance.now() - startedAt
      if (code === 0) resolve({ durationMs, peakBytes })
      else reject(new Error(`${command.argv.join(" ").slice(0, 200)}: exit code ${code}\n${tail}`))
    })
  })
}

export interface Repetition {
  readonly runs: number
  /** Before each run, outside of the time: a fresh vault, appended rows. */
  readonly before?: (run: number) => Promise<void>
}

/** The median of several runs, and the highest peak. */
export async function median(command: (run: number) => Command, { runs, before }: Repetition): Promise<Sample> {
  const samples: Sample[] = []
  for (let run = 0; run < runs; run += 1) {
    await before?.(run)
    samples.push(await once(command(run)))
  }
  const durations = samples.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b)
  const middle = Math.floor(durations.length / 2)
  const upper = durations[middle] ?? 0
  const lower = durations[durations.length % 2 === 0 ? middle - 1 : middle] ?? upper
  return { durationMs: (lower + upper) / 2, peakBytes: Math.max(...samples.map(({ peakBytes }) => peakBytes)) }
}

function peakOf(processId: number | undefined): number {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${processId}/status`, "utf8"))?.[1]
    return Number(kilobytes ?? 0) * 1024
  } catch {
    return 0
  }
}
