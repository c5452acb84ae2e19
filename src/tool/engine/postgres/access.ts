/** How a server is reached: who speaks SQL to it, and whose `pg_dump` and `pg_restore` move its data. */
import type { PostgresAccessKind } from "../../../app/app.ts"
import type { DumpSink, DumpSource } from "../../../app/ports.ts"
import type { RunContext } from "../../../base/run-context.ts"
import type { ToolEnding } from "./failure.ts"
import type { SqlSession } from "./session.ts"

export interface ToolRun {
  readonly program: "pg_dump" | "pg_restore" | "psql"
  /** Without the connection, which the runner adds. */
  readonly args: readonly string[]
  readonly database: string
  readonly stdin?: DumpSource
  readonly stdout?: DumpSink
}

/** Runs the client programs in one place. */
export interface ToolRunner {
  /** Of the client programs: `15.18`. */
  readonly version: string
  /** Resolves when the program has ended, whatever its exit code; rejects when it was cancelled or could not be started. */
  run(run: ToolRun, ctx: RunContext): Promise<ToolEnding>
}

export interface Access {
  readonly kind: PostgresAccessKind
  /** For people: where and why this way, for example `tcp: 172.18.0.3:5432, with PostgreSQL 17.6 clients of this machine`. */
  readonly description: string
  /** `15.18` */
  readonly serverVersion: string
  readonly serverMajor: number
  readonly tools: ToolRunner
  /** A prepared session on one database of the server. */
  connect(database: string, ctx: RunContext): Promise<SqlSession>
}
