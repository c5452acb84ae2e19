import type { RunContext } from "../../../base/run-context.ts"
import type { SqliteTools } from "./capture.ts"
import { copyWithLog } from "./cold-copy.ts"
import type { Answer } from "./job.ts"
import { requireSpace, withPrivateDirectory } from "./private-directory.ts"
import { failureError, unexpectedAnswer } from "./run-job.ts"
import { sizeWithSides } from "./source-file.ts"

/**
 * Asks a database where it lies; when it cannot be opened there, asks a private copy of it with its log.
 * `ask` returns the child's answer when that is not what it wanted.
 */
export async function readable<T extends object>(
  tools: SqliteTools,
  path: string,
  ctx: RunContext,
  ask: (path: string) => Promise<T | Answer>,
): Promise<T> {
  const direct = await ask(path)
  if (!isAnswer(direct)) return direct
  if (direct.kind !== "failure" || direct.failure !== "needs-copy") throw unexpectedAnswer(path, direct)
  return await withPrivateDirectory(tools.scratchDirectory, ctx.operationId, async (directory) => {
    await requireSpace(directory, await sizeWithSides(path), `reading ${path}`)
    const fromCopy = await ask(await copyWithLog(tools, path, directory, tools.busyTimeoutMs, ctx))
    if (!isAnswer(fromCopy)) return fromCopy
    throw fromCopy.kind === "failure" ? failureError(path, fromCopy) : unexpectedAnswer(path, fromCopy)
  })
}

function isAnswer(value: object): value is Answer {
  return "kind" in value
}
