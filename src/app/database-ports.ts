/** What engines are given and what they say: streams of dumps, facts, shapes. */
/** The write end of a pipe into the vault. A producer's child gets `fd` as its standard output, or writes to `path` (a FIFO). */
export interface DumpSink {
  readonly fd: number
  readonly path: string
}

/** The read end of a pipe out of the vault. A consumer's child gets `fd` as its standard input, or reads `path` (a FIFO). */
export interface DumpSource {
  readonly fd: number
  readonly path: string
  /** Aborted before a stream that broke off is ended: a consumer that would take its end for success ends its child by it. */
  readonly signal?: AbortSignal
}

/** What a database said of itself inside the dump's own transaction, or what a restored one says. */
export interface DatabaseFacts {
  readonly engine: "postgres" | "sqlite" | "command"
  /** `15.18`, `3.40.1`. */
  readonly engineVersion: string
  readonly schemaVersion: string | null
  /** Applied migrations in order, empty when the app is not known. */
  readonly migrations: readonly string[]
  /** Exact row counts by qualified table name (`public.users`, or `Message`), sorted by name. */
  readonly rows: Readonly<Record<string, number>>
  readonly sizeBytes: number
}

/** Everything about a database that a dump of it does not carry. Values are what `pg_database` and `pg_roles` say. */
export interface DatabaseShape {
  readonly owner: string | null
  readonly encoding: string | null
  readonly localeProvider: string | null
  readonly collate: string | null
  readonly ctype: string | null
  readonly icuLocale: string | null
  readonly collationVersion: string | null
  readonly comment: string | null
  readonly connectionLimit: number | null
  /** `ALTER DATABASE … SET`: `name=value`, and `role:name=value` for settings of one role in this database. */
  readonly settings: readonly string[]
  /** `pg_database.datacl` items. */
  readonly grants: readonly string[]
  readonly extensions: readonly { readonly name: string; readonly version: string }[]
  /** Roles that own or are granted something, with attributes but without passwords. */
  readonly roles: readonly { readonly name: string; readonly attributes: readonly string[]; readonly memberOf: readonly string[] }[]
  /** PRAGMA values of SQLite that a restore must put back: `journal_mode`, `page_size`, `user_version`, `application_id`. */
  readonly pragmas: Readonly<Record<string, string>>
}

/** Says nothing: a restore takes what the server itself has. */
export const emptyShape: DatabaseShape = {
  owner: null,
  encoding: null,
  localeProvider: null,
  collate: null,
  ctype: null,
  icuLocale: null,
  collationVersion: null,
  comment: null,
  connectionLimit: null,
  settings: [],
  grants: [],
  extensions: [],
  roles: [],
  pragmas: {},
}

export interface SchemaQueries {
  readonly version: string
  readonly list: string | null
}

export interface DatabaseCapture {
  readonly facts: DatabaseFacts
  readonly shape: DatabaseShape
  /** How the data was read: `tcp`, `helper`, `exec`, `vacuum-into`, `backup`, `copy`, `command`. */
  readonly access: string
  readonly toolVersion: string
  /** The instant of the database's snapshot: every row committed before it is in. */
  readonly snapshotAt: Date
  readonly warnings: readonly string[]
}

/** What can be said about a database without reading its data. */
export interface DatabaseInspection {
  readonly engineVersion: string
  readonly sizeBytes: number
  readonly access: string
  readonly toolVersion: string
  /** Whether staging beside by a new database and renaming is allowed; `why` when not, and the words that would allow it. */
  readonly canSwap: { readonly allowed: true } | { readonly allowed: false; readonly why: string; readonly remedy?: string }
}

/** Another database of a server. */
export interface OtherDatabase {
  readonly name: string
  /** Null where the role may not see it. */
  readonly sizeBytes: number | null
}

export interface Session {
  readonly user: string
  readonly program: string
  readonly address: string
}

/** Where a database stands while it is being replaced. All names are the engine's own (a database name, a file path). */
export interface StagedDatabase {
  readonly name: string
  readonly facts: DatabaseFacts
}
