import { resolve } from "node:path"
import type { CommandSource, DatabaseSource, Place, PostgresSource, SqliteSource } from "../app/app.ts"
import type { FoundProject } from "../app/compose/project.ts"
import { interpolate } from "../app/interpolate.ts"
import type { Recipe } from "../app/recipe.ts"
import { HoldfastError } from "../base/errors.ts"
import { Secret } from "../base/secret.ts"
import { parsePostgresUrl, type PostgresAddress } from "./postgres-url.ts"
import type { DatabaseSettings } from "./schema.ts"
import { type LookUp, optionalSecretFromFile, secretFromEnvironment, secretFromFile } from "./secret-source.ts"

type PostgresSettings = NonNullable<DatabaseSettings["postgres"]>
type RecipeDatabase = Recipe["databases"][string]

/** What resolving one app needs to know besides its settings. */
export interface ResolveGround {
  readonly appName: string
  /** Folder of the settings file. */
  readonly directory: string
  readonly found: FoundProject | null
  readonly lookUp: LookUp
}

/** Databases of settings and recipe: by name, what is said explicitly first. */
export function resolveDatabases(
  explicit: Readonly<Record<string, DatabaseSettings>> | undefined,
  recipe: Recipe | null,
  ground: ResolveGround,
): readonly DatabaseSource[] {
  const names = explicit === undefined ? Object.keys(recipe?.databases ?? {}) : Object.keys(explicit)
  return names.map((name) => resolveDatabase(name, explicit?.[name], recipe?.databases[name], ground))
}

function resolveDatabase(
  name: string,
  given: DatabaseSettings | undefined,
  known: RecipeDatabase | undefined,
  ground: ResolveGround,
): DatabaseSource {
  if (given?.command !== undefined) return { engine: "command", name, ...given.command } satisfies CommandSource
  if (given?.sqlite !== undefined) return { engine: "sqlite", name, place: sqlitePlace(given.sqlite, ground) }
  if (given?.postgres !== undefined) return postgresSource(name, given.postgres, known, ground)
  if (given?.url !== undefined) return postgresSource(name, { url: given.url }, known, ground)
  if (known === undefined) throw new HoldfastError("SETTINGS_INVALID", { what: `apps.${ground.appName}.databases.${name} says nothing` })
  return known.engine === "sqlite" ? sqliteOfRecipe(name, known, ground) : postgresSource(name, {}, known, ground)
}

function sqlitePlace(given: NonNullable<DatabaseSettings["sqlite"]>, ground: ResolveGround): Place {
  return typeof given === "string" ? { path: resolve(ground.directory, given) } : { volume: given.volume, path: given.path }
}

function sqliteOfRecipe(name: string, known: RecipeDatabase, ground: ResolveGround): SqliteSource {
  const path = interpolate(known.path ?? "", ground.lookUp)
  if (known.volume !== undefined && ground.found !== null) return { engine: "sqlite", name, place: { volume: known.volume, path } }
  throw new HoldfastError("SETTINGS_INVALID", {
    what: `apps.${ground.appName}: the place of the database ${name} is not known outside a compose project`,
    hint: `Name the file as databases: { ${name}: { sqlite: /var/lib/…/${path} } }.`,
  })
}

function postgresSource(name: string, given: PostgresSettings, known: RecipeDatabase | undefined, ground: ResolveGround): PostgresSource {
  const key = `apps.${ground.appName}.databases.${name}`
  const readPassword = (): Secret | null => passwordOf(given, key, ground)
  const address = given.url === undefined ? null : parsePostgresUrl(addressText(given.url, key, ground), readPassword, `${key}.url`)
  const { service, host } = whereabouts(given, address, known, ground)
  const database = given.database ?? address?.database ?? filled(known?.database, ground) ?? given.user
  const user = given.user ?? address?.user ?? filled(known?.user, ground)
  if (database === undefined || user === undefined)
    throw new HoldfastError("SETTINGS_INVALID", {
      what: `${key} does not say which ${database === undefined ? "database" : "user"} to use`,
      hint: "Give it as postgres: { service: postgres, database: chatalot, user: chatalot }.",
    })
  return {
    engine: "postgres",
    name,
    service,
    projectName: service === null ? null : (ground.found?.project.projectName ?? null),
    host,
    port: given.port ?? address?.port ?? null,
    database,
    user,
    password: address === null ? readPassword() : address.password,
    access: given.access ?? null,
  }
}

/** A host of the address that is the name of a service of this project is that service: the name means nothing outside its network. */
function whereabouts(
  given: PostgresSettings,
  address: PostgresAddress | null,
  known: RecipeDatabase | undefined,
  ground: ResolveGround,
): { service: string | null; host: string | null } {
  const host = given.host ?? address?.host ?? null
  if (given.service !== undefined) return { service: given.service, host: null }
  if (host !== null) return ground.found?.services.includes(host) === true ? { service: host, host: null } : { service: null, host }
  if (address !== null) return { service: null, host: "localhost" }
  return { service: known?.service ?? null, host: null }
}

function addressText(url: string, key: string, ground: ResolveGround): Secret {
  return url.startsWith("env:") ? secretFromEnvironment(url, ground.lookUp, `${key}.url`) : new Secret(url)
}

function passwordOf(given: PostgresSettings, key: string, ground: ResolveGround): Secret | null {
  if (given.password !== undefined) return secretFromEnvironment(given.password, ground.lookUp, `${key}.password`)
  if (given.passwordFile !== undefined) return secretFromFile(resolve(ground.directory, given.passwordFile), `${key}.passwordFile`)
  const beside = ground.found?.project.projectDirectory ?? ground.directory
  return optionalSecretFromFile(resolve(beside, "secrets/db_password"), key)
}

function filled(text: string | undefined, ground: ResolveGround): string | undefined {
  return text === undefined ? undefined : interpolate(text, ground.lookUp)
}
