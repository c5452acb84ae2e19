/** The commands that come with a version of a plain program: where they run, and by which variables they find the data. */
import type { App, Argv, DatabaseSource, PostgresSource } from "../../app/app.ts"
import type { CommandRunner, ExecResult } from "../../app/ports.ts"
import { Secret } from "../../base/secret.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { InstallableRelease } from "../../release/installable.ts"
import { directoryOf } from "./plain-install.ts"

/** The data that a command is to work on: the app's own, or a copy. */
export interface CommandData {
  readonly databases: Readonly<Record<string, DatabaseSource>>
  /** Name of a file tree → directory. */
  readonly files: Readonly<Record<string, string>>
  /** Whether it is a copy. */
  readonly rehearsal: boolean
}

export function liveData(app: App): CommandData {
  return {
    databases: Object.fromEntries(app.databases.map((source) => [source.name, source])),
    files: Object.fromEntries(app.files.flatMap(({ name, place }) => ("volume" in place ? [] : [[name, place.path]]))),
    rehearsal: false,
  }
}

/**
 * Runs a command in the directory of the version. Throws TOOL_MISSING, TOOL_TIMEOUT; what it ends with is the caller's business.
 * @param quiet variables that keep it from reaching people, where it is rehearsed
 */
export async function runCommandOf(
  commands: CommandRunner,
  release: InstallableRelease,
  argv: Argv,
  data: CommandData,
  { timeoutMs, quiet = {} }: { readonly timeoutMs: number; readonly quiet?: Readonly<Record<string, string>> },
  ctx: RunContext,
): Promise<ExecResult> {
  const { path } = directoryOf(release)
  return await commands.run(argv, { cwd: path, timeoutMs, environment: { ...quiet, ...variablesOf(release, data) } }, ctx)
}

function variablesOf(release: InstallableRelease, { databases, files, rehearsal }: CommandData): Readonly<Record<string, string | Secret>> {
  const variables: Record<string, string | Secret> = {
    HOLDFAST_RELEASE: directoryOf(release).path,
    HOLDFAST_VERSION: release.version,
    HOLDFAST_REHEARSAL: rehearsal ? "yes" : "no",
  }
  for (const [name, source] of Object.entries(databases)) {
    if (source.engine === "sqlite" && !("volume" in source.place)) variables[`HOLDFAST_DATABASE_${inCapitals(name)}`] = source.place.path
    if (source.engine === "postgres") variables[`HOLDFAST_DATABASE_${inCapitals(name)}`] = addressOf(source)
  }
  for (const [name, path] of Object.entries(files)) variables[`HOLDFAST_FILES_${inCapitals(name)}`] = path
  return variables
}

function inCapitals(name: string): string {
  return name.toUpperCase().replaceAll("-", "_")
}

/** As libpq and most drivers read it; a socket's directory stands as a parameter. */
function addressOf({ host, port, user, password, database }: PostgresSource): Secret {
  const login = `${encodeURIComponent(user)}${password === null ? "" : `:${encodeURIComponent(password.reveal())}`}`
  const isSocket = host?.startsWith("/") === true
  const place = isSocket ? "" : `${host?.includes(":") === true ? `[${host}]` : (host ?? "localhost")}:${port ?? 5432}`
  const socket = isSocket ? `?host=${encodeURIComponent(host)}&port=${port ?? 5432}` : ""
  return new Secret(`postgresql://${login}@${place}/${encodeURIComponent(database)}${socket}`)
}
