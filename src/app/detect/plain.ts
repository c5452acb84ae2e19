/** Finds what a program consists of that is no compose project: by what lies in its folder. */
import { existsSync, readdirSync } from "node:fs"
import { basename, dirname, extname, join } from "node:path"
import type { EnvFile } from "../env-file.ts"
import type { Detection, FoundDatabase, FoundFiles, LeftOut } from "./detection.ts"
import { uniqueNames } from "./postgres.ts"
import type { SqliteSearch } from "./sqlite-files.ts"

/** What a program is made of can be had again; what it keeps cannot. */
const MADE_AGAIN = new Set([
  "bin",
  "build",
  "dist",
  "docs",
  "lib",
  "node_modules",
  "src",
  "target",
  "test",
  "tests",
  "vendor",
  "venv",
  "web",
  "__pycache__",
])

export interface PlainRequest {
  readonly appName: string
  /** Absolute path of the program's folder. */
  readonly directory: string
  readonly sqlite: SqliteSearch
  readonly envFile: EnvFile
}

/** The same words as for a compose project; how it stops and starts nobody can see, so that is said. */
export function detectPlain(request: PlainRequest): Detection {
  const { appName, directory } = request
  const folders = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
  const [kept, left] = [folders.filter(({ name }) => isKept(name)), folders.filter(({ name }) => MADE_AGAIN.has(name))]
  const databases = uniqueNames([...databaseUrl(request), ...sqliteFiles(request)])
  return {
    appName,
    project: { files: [], projectDirectory: directory, projectName: appName, profiles: [] },
    nameIsGiven: false,
    recipe: null,
    databases,
    files: kept.map(({ name }): FoundFiles => ({
      name: nameFor(name),
      place: { path: join(directory, name) },
      realName: null,
      usedBy: [appName],
      exclude: [],
    })),
    secrets: ["secrets", ".env"].map((name) => join(directory, name)).filter((path) => existsSync(path)),
    health: null,
    uncopied: [],
    leftOut: left.map(({ name }): LeftOut => ({
      what: `folder ${name}/`,
      why: "looks like the program itself, which is installed again; name it under `files` if it holds data",
    })),
    notProtected: [],
    unknown: [
      ...(databases.length === 0 ? ["no database was found; if the app has one, name it under `databases`"] : []),
      ...(request.sqlite.complete ? [] : ["the folder is too large or too deep to have been searched whole for SQLite databases"]),
      "how the program stops and starts: without `run` a restore is refused while anyone is connected, and `--cold` cannot be used",
      "no health check was found; without `health` a restore cannot be judged by it",
    ],
    notes: databases.some(({ engine }) => engine === "postgres-url")
      ? ["DATABASE_URL is read from the environment that Holdfast runs in, not from .env"]
      : [],
  }
}

function isKept(name: string): boolean {
  return name !== "secrets" && !MADE_AGAIN.has(name)
}

function databaseUrl({ envFile }: PlainRequest): readonly FoundDatabase[] {
  const address = envFile.values.get("DATABASE_URL") ?? ""
  return /^postgres(ql)?:/.test(address)
    ? [{ engine: "postgres-url", name: "main", variable: "DATABASE_URL", why: "DATABASE_URL in .env" }]
    : []
}

function sqliteFiles({ sqlite, directory }: PlainRequest): readonly FoundDatabase[] {
  return sqlite.files
    .filter(
      (path) =>
        !MADE_AGAIN.has(path.split("/")[0] ?? "") &&
        !dirname(path)
          .split("/")
          .some((part) => part.startsWith(".")),
    )
    .map((path) => ({
      engine: "sqlite",
      name: nameFor(basename(path, extname(path))),
      place: { path: join(directory, path) },
      why: "its first bytes are those of a SQLite database",
    }))
}

function nameFor(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "-")
    .replace(/^[^a-z]+/, "")
  return name === "" ? "main" : name
}
