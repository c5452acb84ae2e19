import type { PostgresSource } from "../../app/app.ts"
import { Secret } from "../../base/secret.ts"
import type { DatabasePart, ManifestPart } from "../../recovery-point/manifest.ts"
import { restoreIntoDatabase } from "../../restore/into-database.ts"
import { parsePostgresUrl } from "../../settings/postgres-url.ts"
import type { CommandResult } from "./command-spec.ts"
import type { CliHouse } from "./cli-house.ts"
import { usage, type CommandInput } from "./input.ts"
import { pointOf, type Subject } from "../house/subject.ts"
import { selectionOf } from "./selection.ts"

/** Whether `--into` names a database rather than a directory: an address, or a variable that holds one. */
export function isDatabaseAddress(into: string): boolean {
  return /^postgres(ql)?:/.test(into) || into.startsWith("env:")
}

/** `holdfast restore --into postgres://…/newdb`: one database of the point, beside everything live. */
export async function runIntoDatabase(
  house: CliHouse,
  subject: Subject,
  input: CommandInput,
  wanted: (part: string) => boolean,
): Promise<CommandResult> {
  const target = targetOf(house, input.text("into") ?? "")
  const point = await pointOf(subject, selectionOf(input))
  const part = onlyDatabase(point.manifest.parts, wanted)
  await restoreIntoDatabase(subject.tools, { vault: subject.vault, point }, subject.app, part, target, subject.ctx)
  const rows = Object.values(part.facts.rows).reduce((sum, count) => sum + count, 0)
  const where = `${target.host ?? "localhost"}:${target.port ?? 5432}`
  return {
    document: {
      format: "holdfast.restore-into-database",
      version: 1,
      point: point.manifest.id,
      part: part.part,
      host: target.host ?? "localhost",
      port: target.port ?? 5432,
      database: target.database,
      rows,
    },
    lines: [
      `restored ${part.part} of ${point.manifest.id} as database ${target.database} on ${where}: ${rows} rows, as they were captured`,
      "nothing live was touched",
    ],
  }
}

function targetOf(house: CliHouse, into: string): PostgresSource {
  const variable = into.startsWith("env:") ? into.slice("env:".length) : null
  const address = variable === null ? into : house.environment[variable]
  if (address === undefined || address === "") throw usage(`--into names the environment variable ${variable ?? ""}, which is not set`)
  const password = house.environment["PGPASSWORD"]
  const readPassword = (): Secret | null => (password === undefined || password === "" ? null : new Secret(password))
  const parsed = parsePostgresUrl(new Secret(address), readPassword, "--into")
  if (parsed.database === null || parsed.user === null)
    throw usage("--into needs a user and a database: postgres://USER@HOST:PORT/DATABASE")
  const { database, user, port } = parsed
  return {
    engine: "postgres",
    name: "into",
    service: null,
    projectName: null,
    host: parsed.host ?? "localhost",
    port,
    database,
    user,
    password: parsed.password,
    access: "tcp",
  }
}

function onlyDatabase(parts: readonly ManifestPart[], wanted: (part: string) => boolean): DatabasePart {
  const databases = parts.filter((part) => part.kind === "database").filter((part) => wanted(part.part))
  const fitting = databases.filter((part) => part.engine === "postgres")
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return only
  const names = fitting.map((part) => part.part).join(", ")
  throw usage(
    names === "" ? "the point has no PostgreSQL database to restore into an address" : `which database? Give --only with one of ${names}`,
  )
}
