import type { ComposeModel, ComposeService } from "../ports.ts"
import type { FoundDatabase } from "./detection.ts"
import { kindOf } from "./image-kind.ts"

interface Reference {
  readonly from: string
  readonly variable: string
  readonly host: string
  readonly database: string
  readonly user: string
}

/** Postgres databases: those that the addresses of other services name, and those that the server is started with. */
export function findPostgres(
  model: ComposeModel,
  envFile: ReadonlyMap<string, string>,
): { databases: readonly FoundDatabase[]; unknown: readonly string[] } {
  const references = [...model.services.flatMap((service) => referencesOf(service)), ...fromEnvFile(envFile)]
  const servers = model.services.filter((service) => kindOf(service).kind === "postgres" || isNamedServer(service, references))
  const inside = servers.flatMap((service) =>
    databasesOf(
      service,
      references.filter((reference) => reference.host === service.name),
    ),
  )
  const outside = references.filter(
    (reference) => !model.services.some((service) => service.name === reference.host) && reference.host !== "",
  )
  const external = [...new Map(outside.map((reference) => [`${reference.host}/${reference.database}`, reference])).values()]
  const found: FoundDatabase[] = [...inside, ...external.flatMap((reference) => externalDatabase(reference, envFile))]
  return { databases: uniqueNames(found), unknown: external.filter((reference) => !envFile.has(reference.variable)).map(cannotReach) }
}

/** An image of another name, but somebody's Postgres address leads to it. */
function isNamedServer(service: ComposeService, references: readonly Reference[]): boolean {
  return (
    kindOf(service).kind === "app" && references.some((reference) => reference.host === service.name && reference.from !== service.name)
  )
}

function databasesOf(service: ComposeService, references: readonly Reference[]): readonly FoundDatabase[] {
  const value = (...names: readonly string[]): string | null =>
    names.map((name) => service.environment[name]?.reveal() ?? "").find((text) => text !== "") ?? null
  const superuser = value("POSTGRES_USER", "POSTGRESQL_USERNAME", "POSTGRESQL_USER")
  const initial = value("POSTGRES_DB", "POSTGRESQL_DATABASE") ?? (references.length === 0 ? (superuser ?? "postgres") : null)
  const wanted = new Map<string, FoundDatabase>()
  for (const reference of references) {
    const why = `${reference.variable} of ${reference.from} leads to it`
    wanted.set(reference.database, {
      engine: "postgres",
      name: reference.database,
      service: service.name,
      database: reference.database,
      user: superuser ?? reference.user,
      why,
    })
  }
  if (initial !== null && !wanted.has(initial))
    wanted.set(initial, {
      engine: "postgres",
      name: initial,
      service: service.name,
      database: initial,
      user: superuser ?? "postgres",
      why: `the service ${service.name} is started with it`,
    })
  return [...wanted.values()]
}

function externalDatabase(reference: Reference, envFile: ReadonlyMap<string, string>): readonly FoundDatabase[] {
  if (!envFile.has(reference.variable)) return []
  return [
    {
      engine: "postgres-url",
      name: reference.database,
      variable: reference.variable,
      why: `${reference.variable} in .env leads to ${reference.host}, outside this project`,
    },
  ]
}

function cannotReach(reference: Reference): string {
  return `${reference.from} uses the database ${reference.database} on ${reference.host}, outside this project; add it as { postgres: { host: ${reference.host}, database: ${reference.database}, user: ${reference.user}, passwordFile: … } }`
}

function referencesOf(service: ComposeService): readonly Reference[] {
  return Object.entries(service.environment).flatMap(([variable, secret]) => parseReference(service.name, variable, secret.reveal()))
}

function fromEnvFile(envFile: ReadonlyMap<string, string>): readonly Reference[] {
  return [...envFile]
    .filter(([variable]) => /DATABASE_URL|POSTGRES.*URL|DB_URL/.test(variable))
    .flatMap(([variable, text]) => parseReference(".env", variable, text))
}

/** The address may hold a password: only host, database and user are taken out of it. */
function parseReference(from: string, variable: string, text: string): readonly Reference[] {
  const match = /^(?:jdbc:)?postgres(?:ql)?(?:\+\w+)?:\/\/(?:([^:@/?]*)(?::.*)?@)?([^@/?:]*)(?::\d+)?\/([^?]+)/.exec(text.trim())
  if (!match) return []
  return [
    {
      from,
      variable,
      host: match[2] ?? "",
      database: match[3] ?? "",
      user: match[1] === undefined || match[1] === "" ? "postgres" : match[1],
    },
  ]
}

/** Names are ours: lower case, unique, `main` when there is one alone. */
export function uniqueNames(found: readonly FoundDatabase[]): readonly FoundDatabase[] {
  if (found.length === 1) return found.map((database) => ({ ...database, name: "main" }))
  const used = new Set<string>()
  return found.map((database) => ({ ...database, name: uniqueName(database.name, used) }))
}

export function uniqueName(wanted: string, used: Set<string>): string {
  const base =
    wanted
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]+/g, "-")
      .replace(/^[^a-z]+/, "")
      .replace(/-+$/, "")
      .slice(0, 50) || "data"
  let name = base
  for (let count = 2; used.has(name); count += 1) name = `${base}-${count}`
  used.add(name)
  return name
}
