/** What compose itself would take as one project: its files, overrides, project name and `.env` (without asking Docker). */
import { existsSync, readFileSync } from "node:fs"
import { basename, delimiter, dirname, join, resolve } from "node:path"
import { isMap, isScalar, parseDocument } from "yaml"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { ComposeProject } from "../app.ts"
import { type EnvFile, readEnvFile } from "../env-file.ts"
import { interpolate } from "../interpolate.ts"

/** In compose's own order of preference. */
export const COMPOSE_FILE_NAMES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"]
const OVERRIDE_FILE_NAMES = ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"]

export interface ProjectRequest {
  /** Absolute. */
  readonly files: readonly string[]
  /** Exactly these, as with `-f`; else override files and `COMPOSE_FILE` are found as compose finds them. */
  readonly exactly: boolean
  readonly projectName: string | null
  readonly projectDirectory: string | null
  readonly profiles: readonly string[] | null
  /** Variables of our own environment that stand for a shell's. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export interface FoundProject {
  readonly project: ComposeProject
  readonly envFile: EnvFile
  readonly envFilePath: string
  /** Names of the services that the files declare, without asking compose. */
  readonly services: readonly string[]
}

/** @throws COMPOSE_INVALID when a file is not there or is not YAML */
export function findComposeProject(request: ProjectRequest): FoundProject {
  const [first] = request.files
  if (first === undefined) throw new HoldfastError("COMPOSE_INVALID", { what: "no compose file is named" })
  const projectDirectory = request.projectDirectory ?? dirname(first)
  const envFilePath = join(projectDirectory, ".env")
  const envFile = readEnvFile(envFilePath, (name) => request.environment[name])
  const files = request.exactly ? request.files : filesOf(first, envFile)
  const contents = files.map(readCompose)
  const lookUp = (name: string): string | undefined => request.environment[name] ?? envFile.values.get(name)
  const declared = contents.map((content) => content.name).findLast((name) => name !== null) ?? null
  const projectName =
    request.projectName ??
    lookUp("COMPOSE_PROJECT_NAME") ??
    (declared === null ? normalisedName(basename(resolve(projectDirectory))) : interpolate(declared, lookUp))
  const profiles =
    request.profiles ??
    (lookUp("COMPOSE_PROFILES") ?? "")
      .split(",")
      .map((profile) => profile.trim())
      .filter((profile) => profile !== "")
  return {
    project: { files, projectDirectory, projectName, profiles },
    envFile,
    envFilePath,
    services: [...new Set(contents.flatMap((content) => content.services))],
  }
}

/** One file named: `COMPOSE_FILE` of `.env` when the file is in it, else the override file beside it, as `docker compose up` in that folder does. */
function filesOf(file: string, envFile: EnvFile): readonly string[] {
  const directory = dirname(file)
  const listed = envFile.values.get("COMPOSE_FILE")
  if (listed !== undefined && listed !== "") {
    const separator = envFile.values.get("COMPOSE_PATH_SEPARATOR") ?? delimiter
    const files = listed
      .split(separator)
      .filter((part) => part !== "")
      .map((part) => resolve(directory, part))
    if (files.includes(file)) return files
  }
  if (!COMPOSE_FILE_NAMES.includes(basename(file))) return [file]
  const override = OVERRIDE_FILE_NAMES.map((name) => join(directory, name)).find((path) => existsSync(path))
  return override === undefined ? [file] : [file, override]
}

/** Compose's rule for a name made from a folder's. */
export function normalisedName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "")
}

function readCompose(path: string): { name: string | null; services: readonly string[] } {
  const document = parseDocument(readText(path), { merge: true, uniqueKeys: false })
  const [error] = document.errors
  if (error !== undefined)
    throw new HoldfastError("COMPOSE_INVALID", { what: `${path} is not YAML`, why: error.message.split("\n")[0] ?? "" })
  const name: unknown = document.get("name")
  const services: unknown = document.get("services")
  const names = isMap(services) ? services.items.flatMap((item) => (isScalar(item.key) ? [String(item.key.value)] : [])) : []
  return { name: typeof name === "string" ? name : null, services: names }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    throw new HoldfastError("COMPOSE_INVALID", {
      what: `cannot read the compose file ${path}`,
      why: messageOf(cause),
      hint: "Check `compose` in the settings; paths are relative to the settings file.",
      cause,
    })
  }
}
