import type { PostgresSource } from "../../app/app.ts"
import { Secret } from "../../base/secret.ts"
import { counted } from "../../base/units.ts"
import type { DatabasePart, ManifestPart } from "../../recovery-point/manifest.ts"
import { chooseTables, type ChosenTables } from "../../restore/choose-tables.ts"
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
  const chosen = chosenOf(
    point.manifest.parts.filter((part) => wanted(part.part)),
    input.list("table"),
  )
  const { part, tables } = chosen
  const origin = { vault: subject.vault, point }
  const operationId = await restoreIntoDatabase(subject.tools, origin, subject.app, chosen, target, house.command, house.base())
  const chosenTables = tables.length === 0 ? Object.keys(part.facts.rows) : tables
  const rows = chosenTables.reduce((sum, table) => sum + (part.facts.rows[table] ?? 0), 0)
  const where = `${target.host ?? "localhost"}:${target.port ?? 5432}`
  return {
    document: {
      format: "holdfast.restore-into-database",
      version: 1,
      point: point.manifest.id,
      operationId,
      part: part.part,
      tables: [...tables],
      host: target.host ?? "localhost",
      port: target.port ?? 5432,
      database: target.database,
      rows,
    },
    lines: [
      `restored ${tables.length === 0 ? part.part : `${tables.join(", ")} of ${part.part}`} of ${point.manifest.id} as database ${target.database} on ${where}: ${counted(rows, "row")}, as they were captured`,
      "nothing live was touched",
      ...(tables.length === 0 ? [] : ["foreign keys and views that need other tables were left out"]),
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

function chosenOf(parts: readonly ManifestPart[], tables: readonly string[]): ChosenTables {
  if (tables.length === 0) return { part: onlyDatabase(parts), tables: [] }
  const [chosen, ...others] = chooseTables(
    parts.filter((part) => part.kind === "database" && part.engine === "postgres"),
    tables,
  )
  if (chosen !== undefined && others.length === 0) return chosen
  throw usage("one address takes tables of one database: name them in a call for each")
}

function onlyDatabase(parts: readonly ManifestPart[]): DatabasePart {
  const fitting = parts.filter((part) => part.kind === "database").filter((part) => part.engine === "postgres")
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return only
  const names = fitting.map((part) => part.part).join(", ")
  throw usage(
    names === "" ? "the point has no PostgreSQL database to restore into an address" : `which database? Give --only with one of ${names}`,
  )
}
