import { fileURLToPath } from "node:url"
import type { z } from "zod"
import { HoldfastError, type ErrorCode } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { Processes } from "../../process/process.ts"
import { answerSchema, type Answer, type Failure, type Job } from "./job.ts"

export interface ChildTools {
  readonly processes: Processes
  /** Absolute path of the Node that runs the child. */
  readonly nodeBinary: string
}

/** Beside this file; in the bundle (scripts/build-program.ts) under a name of its own. */
const SCRIPT = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./child.ts" : "./sqlite-child.js", import.meta.url))

/** Has the child do one job. A failure that SQLite reports is an answer; throws TOOL_FAILED when the child itself died. */
export async function runJob(tools: ChildTools, job: Job, ctx: RunContext): Promise<Answer> {
  const result = await tools.processes.run({
    argv: [tools.nodeBinary, "--disable-warning=ExperimentalWarning", SCRIPT],
    stdin: { text: JSON.stringify(job) },
    signal: ctx.signal,
    // Nothing in it may be left half done, so there is nothing to wait for.
    killAfterMs: 1000,
  })
  if (result.exitCode === 0) return parse(answerSchema, result.stdout)
  const ending = result.signal === null ? `exit code ${result.exitCode}` : `signal ${result.signal}`
  throw new HoldfastError("TOOL_FAILED", { what: `the process that reads ${job.path} ended with ${ending}`, why: result.stderrTail })
}

function parse<S extends z.ZodType>(schema: S, text: string): z.infer<S> {
  return schema.parse(JSON.parse(text))
}

const CODES: Readonly<Record<Failure["failure"], ErrorCode>> = {
  busy: "SQLITE_BUSY",
  "not-a-database": "SQLITE_NOT_A_DATABASE",
  "needs-copy": "SOURCE_UNREADABLE",
  damaged: "SQLITE_DAMAGED",
  space: "SPACE_MISSING",
  query: "DATABASE_DUMP_FAILED",
  other: "DATABASE_DUMP_FAILED",
}

const WORDS: Readonly<Record<Failure["failure"], string>> = {
  busy: "is locked by another program",
  "not-a-database": "is not a SQLite database",
  "needs-copy": "cannot be opened for reading",
  damaged: "is damaged",
  space: "could not be copied, the disk is full",
  query: "did not answer a query",
  other: "could not be read",
}

/** The error for a failure that SQLite reported about `path`. */
export function failureError(path: string, failure: Failure): HoldfastError {
  return new HoldfastError(CODES[failure.failure], { what: `${path} ${WORDS[failure.failure]}`, why: failure.message })
}

export function unexpectedAnswer(path: string, answer: Answer): Error {
  return answer.kind === "failure" ? failureError(path, answer) : new Error(`the child answered a job on ${path} with ${answer.kind}`)
}
