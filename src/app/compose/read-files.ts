/** Which files of the host a compose project reads beside its own: without any of them it does not come up on another machine as it was. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { parseDocument } from "yaml"
import { z } from "zod"
import type { ComposeProject } from "../app.ts"
import { readEnvFile } from "../env-file.ts"
import { interpolate, type Variables } from "../interpolate.ts"
import { isOfMachine } from "../machine-path.ts"

/** Absolute paths of files that are there, each once. */
export interface FilesRead {
  /** Compose files that are included or extended, files of `configs` and labels, and single files that are mounted into a service. */
  readonly configuration: readonly string[]
  /** Files of `secrets` and variables for services. */
  readonly secrets: readonly string[]
}

const paths = z.union([
  z.string().transform((path) => [path]),
  z.array(z.union([z.string(), z.looseObject({ path: z.string() }).transform(({ path }) => path)])),
])
const included = z.union([
  z.string().transform((path) => ({ path: [path], project_directory: undefined, env_file: undefined })),
  z.looseObject({ path: paths, project_directory: z.string().optional(), env_file: paths.optional() }),
])
const mount = z.union([
  z.string().transform((text) => ({ short: text, source: undefined })),
  z.looseObject({ type: z.literal("bind"), source: z.string() }).transform(({ source }) => ({ short: undefined, source })),
])
const service = z.object({
  extends: z.looseObject({ file: z.string() }).optional().catch(undefined),
  env_file: paths.default([]).catch([]),
  label_file: paths.default([]).catch([]),
  volumes: listOf(mount),
})
const fromFile = z
  .record(z.string(), z.looseObject({ file: z.string() }).optional().catch(undefined))
  .default({})
  .catch({})
const composeFile = z.object({
  include: listOf(included),
  services: z.record(z.string(), service.optional().catch(undefined)).default({}).catch({}),
  configs: fromFile,
  secrets: fromFile,
})

/** What is not understood is passed over: compose itself refuses it, and says so better. */
function listOf<T extends z.ZodType>(item: T) {
  const members = z.array(item.optional().catch(undefined)).default([]).catch([])
  return members.transform((all) => all.filter((one) => one !== undefined))
}

/** Follows includes and extensions as compose does. Never throws for what a file says; what is not there is left out. */
export function filesRead(project: Pick<ComposeProject, "files" | "projectDirectory">, lookUp: Variables): FilesRead {
  const found = { configuration: new Set<string>(), secrets: new Set<string>() }
  const visited = new Set<string>()
  const follow = (file: string, base: string, variables: Variables): void => {
    if (visited.has(file) || !isFile(file)) return
    visited.add(file)
    if (!project.files.includes(file)) found.configuration.add(file)
    const at = (text: string): string => resolve(base, interpolate(text, variables).replace(/^~(?=\/|$)/, homedir()))
    const content = contentOf(file)
    for (const one of content?.include ?? []) followIncluded(one, at, variables)
    for (const declared of Object.values(content?.configs ?? {})) if (declared !== undefined) found.configuration.add(at(declared.file))
    for (const declared of Object.values(content?.secrets ?? {})) if (declared !== undefined) found.secrets.add(at(declared.file))
    for (const one of Object.values(content?.services ?? {})) {
      for (const path of one?.env_file ?? []) found.secrets.add(at(path))
      for (const path of one?.label_file ?? []) found.configuration.add(at(path))
      for (const source of (one?.volumes ?? []).flatMap((each) => sourceOf(each, variables))) addMounted(at(source))
      if (one?.extends !== undefined) follow(at(one.extends.file), dirname(at(one.extends.file)), variables)
    }
  }
  const followIncluded = (one: z.infer<typeof included>, at: (text: string) => string, variables: Variables): void => {
    const [first, ...others] = one.path.filter((path) => !isRemote(path)).map(at)
    if (first === undefined) return
    const base = one.project_directory === undefined ? dirname(first) : at(one.project_directory)
    const envFiles = one.env_file === undefined ? [join(base, ".env")] : one.env_file.map(at)
    const values = envFiles.filter(isFile).map((path) => readEnvFile(path, variables).values)
    for (const path of envFiles) found.secrets.add(path)
    for (const file of [first, ...others])
      follow(file, base, (name) => variables(name) ?? values.findLast((each) => each.has(name))?.get(name))
  }
  const addMounted = (path: string): void => {
    if (isFile(path) && !isOfMachine(path) && !isSqlite(path)) found.configuration.add(path)
  }
  for (const file of project.files) follow(file, project.projectDirectory, lookUp)
  return { configuration: [...found.configuration].filter(isFile), secrets: [...found.secrets].filter(isFile) }
}

function contentOf(file: string): z.infer<typeof composeFile> | undefined {
  try {
    return composeFile.safeParse(parseDocument(readFileSync(file, "utf8"), { merge: true, uniqueKeys: false }).toJS()).data
  } catch {
    return undefined
  }
}

/** Of `./Caddyfile:/etc/caddy/Caddyfile:ro`; nothing for a volume. */
function sourceOf({ short, source }: z.infer<typeof mount>, variables: Variables): readonly string[] {
  if (short === undefined) return [source]
  const [path = "", ...target] = interpolate(short, variables).split(":")
  return target.length > 0 && /^[./~]/.test(path) ? [path.replaceAll("$", "$$$$")] : []
}

function isRemote(path: string): boolean {
  return /^(?:[a-z]+:\/\/|git@|oci:)/.test(path)
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}

const MAGIC = "SQLite format 3\0"

/** Its bytes while it is written are no copy of it: it is captured as a database, or not at all. What cannot be read is left to the capture, which says so. */
export function isSqlite(path: string): boolean {
  try {
    const file = openSync(path, "r")
    try {
      const start = Buffer.alloc(MAGIC.length)
      return readSync(file, start, 0, MAGIC.length, 0) === MAGIC.length && start.toString("latin1") === MAGIC
    } finally {
      closeSync(file)
    }
  } catch {
    return false
  }
}
