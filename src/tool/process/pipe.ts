import { closeSync, constants, openSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { join } from "node:path"
import type { Processes } from "./process.ts"
import { HoldfastError } from "../../base/errors.ts"

/**
 * An operating-system pipe with a name, so that two children are joined without a byte passing through us, and
 * a container can write to it by path. We hold the write end ourselves: the reader sees the end of the stream
 * only when we say so (end of stream after a dead producer would look like success; design §5).
 */
export interface NamedPipe {
  readonly path: string
  readonly readFd: number
  readonly writeFd: number
  /** Closing twice is harmless. */
  closeRead(): void
  closeWrite(): void
  /** Closes both and removes the name. */
  dispose(): Promise<void>
}

/** Makes a pipe in a private directory below `parent`. Both ends are blocking, as children expect. */
export async function openPipe(processes: Processes, parent: string, signal: AbortSignal): Promise<NamedPipe> {
  const directory = await mkdtemp(join(parent, "pipe-"))
  try {
    return await makePipe(processes, directory, signal)
  } catch (thrown) {
    await rm(directory, { recursive: true, force: true })
    throw thrown
  }
}

async function makePipe(processes: Processes, directory: string, signal: AbortSignal): Promise<NamedPipe> {
  const path = join(directory, "stream")
  const made = await processes.run({ argv: ["mkfifo", "-m", "600", path], signal })
  if (made.exitCode !== 0) throw new HoldfastError("TOOL_FAILED", { what: `cannot make a pipe in ${directory}`, why: made.stderrTail })
  // Opening for both first lets the two single-ended opens return at once.
  const both = openSync(path, constants.O_RDWR)
  const readFd = openSync(path, constants.O_RDONLY)
  const writeFd = openSync(path, constants.O_WRONLY)
  closeSync(both)
  const read = closer(readFd)
  const write = closer(writeFd)
  return {
    path,
    readFd,
    writeFd,
    closeRead: read,
    closeWrite: write,
    dispose: async () => {
      read()
      write()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function closer(fd: number): () => void {
  let open = true
  return () => {
    if (open) closeSync(fd)
    open = false
  }
}
