/**
 * A session through one long-lived `psql` inside the database's container, for servers that have no address we can reach
 * (the sandbox's network). Statements go in by one pipe, answers come out by another.
 */
import { randomBytes } from "node:crypto"
import { constants, openSync } from "node:fs"
import { Socket } from "node:net"
import type { Argv } from "../../../app/app.ts"
import type { ContainerEngine, ExecResult } from "../../../app/ports.ts"
import { isHoldfastError } from "../../../base/errors.ts"
import type { RunContext } from "../../../base/run-context.ts"
import { openPipe, type NamedPipe } from "../../process/pipe.ts"
import type { Processes } from "../../process/process.ts"
import { execEnvironment, type ExecPlace } from "./exec-tools.ts"
import { connectError, SqlError, statementError } from "./failure.ts"
import { parseCsv } from "./psql-output.ts"
import { conninfo } from "./quote.ts"
import { PREPARE_SESSION, type SqlSession } from "./session.ts"

export interface PsqlTools {
  readonly processes: Processes
  readonly containers: ContainerEngine
  readonly scratchDirectory: string
}

/** The first line of standard input is the password: an exec's environment can be inspected. */
const WITH_PASSWORD = 'IFS= read -r PGPASSWORD; export PGPASSWORD; exec "$@"'

interface Marks {
  readonly isNull: string
  readonly status: string
  readonly end: string
}

/** Starts psql and prepares the session. Throws DATABASE_UNREACHABLE, DATABASE_AUTH_FAILED, DATABASE_MISSING or SERVICE_NOT_RUNNING. */
export async function openPsqlSession(tools: PsqlTools, place: ExecPlace, database: string, ctx: RunContext): Promise<SqlSession> {
  const token = `holdfast${randomBytes(8).toString("hex")}`
  const marks: Marks = { isNull: `${token}-null`, status: `${token}-status`, end: `${token}-end` }
  const where = `database ${database} inside its container as ${place.user}`
  const pipes = await openPipes(tools, ctx)
  const channel = openChannel(pipes, marks.end)
  const streams = { stdin: { fd: pipes.input.readFd }, stdout: { fd: pipes.output.writeFd } }
  const options = { environment: execEnvironment(place, ctx), ...streams }
  const over = reasonOfEnd(tools.containers.exec(place.containerId, psqlArgv(database, marks), options, ctx))
  const close = async (): Promise<void> => {
    channel.close()
    pipes.input.closeWrite()
    await over
    await Promise.all([pipes.input.dispose(), pipes.output.dispose()])
  }
  const session = sessionOf({ channel, marks, over, where, close }, ctx)
  try {
    channel.write(`${place.password?.reveal() ?? ""}\n`)
    for (const statement of PREPARE_SESSION) await session.rows(statement)
    return session
  } catch (thrown) {
    await session.end()
    ctx.signal.throwIfAborted()
    throw isHoldfastError(thrown) && thrown.cause instanceof SqlError ? connectError(thrown.cause, where) : thrown
  }
}

function psqlArgv(database: string, marks: Marks): Argv {
  const options = ["--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--no-password", `--pset=null=${marks.isNull}`]
  return ["sh", "-c", WITH_PASSWORD, "sh", "psql", ...options, `--dbname=${conninfo(database)}`]
}

/** Why there will be no more answers; never rejects. */
async function reasonOfEnd(running: Promise<ExecResult>): Promise<unknown> {
  try {
    const { stderrTail } = await running
    return new SqlError(sqlStateOfText(stderrTail), stderrTail === "" ? "psql ended" : stderrTail)
  } catch (thrown) {
    return thrown
  }
}

const STATES: readonly (readonly [RegExp, string])[] = [
  [/password authentication failed|no password supplied|authentication failed/, "28P01"],
  [/database ".*" does not exist/, "3D000"],
]

/** psql tells the state of a failed connection in words only. */
function sqlStateOfText(words: string): string {
  return STATES.find(([pattern]) => pattern.test(words))?.[1] ?? "08006"
}

interface Pipes {
  readonly input: NamedPipe
  readonly output: NamedPipe
}

async function openPipes(tools: PsqlTools, ctx: RunContext): Promise<Pipes> {
  const input = await openPipe(tools.processes, tools.scratchDirectory, ctx.signal)
  try {
    return { input, output: await openPipe(tools.processes, tools.scratchDirectory, ctx.signal) }
  } catch (thrown) {
    await input.dispose()
    throw thrown
  }
}

interface Channel {
  write(text: string): void
  /** Everything that psql prints up to the end of the present statement. */
  answer(): Promise<string>
  close(): void
}

/** Ends of our own, not blocking; those of the pipes are handed to the child. */
function openChannel(pipes: Pipes, endMark: string): Channel {
  const input = new Socket({ fd: openSync(pipes.input.path, constants.O_WRONLY | constants.O_NONBLOCK), readable: false, writable: true })
  const output = new Socket({ fd: openSync(pipes.output.path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false })
  const end = `${endMark}\n`
  let text = ""
  let waiting: ((answer: string) => void) | null = null
  const deliver = (): void => {
    if (waiting === null || !text.endsWith(end)) return
    const answer = text.slice(0, -end.length)
    const resolve = waiting
    text = ""
    waiting = null
    resolve(answer)
  }
  for (const socket of [input, output]) socket.on("error", () => undefined)
  output.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk
    deliver()
  })
  return {
    write: (statement) => void input.write(statement),
    answer: async () =>
      await new Promise((resolve) => {
        waiting = resolve
        deliver()
      }),
    close: () => {
      input.destroy()
      output.destroy()
    },
  }
}

interface Conversation {
  readonly channel: Channel
  readonly marks: Marks
  readonly over: Promise<unknown>
  readonly where: string
  readonly close: () => Promise<void>
}

function sessionOf({ channel, marks, over, where, close }: Conversation, ctx: RunContext): SqlSession {
  let closing: Promise<void> | null = null
  const noAnswer = async (): Promise<never> => {
    throw statementError(await over, `a statement failed in ${where}`, "DATABASE_UNREACHABLE")
  }
  return {
    end: async () => await (closing ??= close().catch(() => undefined)),
    rows: async (sql) => {
      ctx.signal.throwIfAborted()
      const statement = sql.replace(/[;\s]+$/, "")
      channel.write(`${statement}\n;\n\\echo ${marks.status} :ERROR :SQLSTATE :LAST_ERROR_MESSAGE\n\\echo ${marks.end}\n`)
      const answer = await Promise.race([channel.answer(), noAnswer()])
      const at = answer.lastIndexOf(marks.status)
      const [, failed, sqlState, message] = /^\S+ (\S+) (\S+) ?(.*)$/s.exec(answer.slice(at)) ?? []
      if (failed === "false") return parseCsv(answer.slice(0, at), marks.isNull)
      const failure = new SqlError(sqlState ?? "XX000", (message ?? answer).trim())
      throw statementError(failure, `a statement failed in ${where}`, "DATABASE_UNREACHABLE")
    },
  }
}
