import { isRecord } from "../settings/member-value.ts"
import { meaning, readCompose } from "./compose/proof.ts"

/** One compose file as it is written: its text, and what the text says before compose fills and merges anything. */
export interface WrittenFile {
  readonly path: string
  readonly text: string
  readonly content: Readonly<Record<string, unknown>>
}

/** Throws ADOPT_NOT_EDITABLE for what is not YAML of one document. */
export function writtenFile(path: string, text: string): WrittenFile {
  const content = meaning(readCompose(text, [path]))
  return { path, text, content: isRecord(content) ? content : {} }
}

/** What one file says of a service; null where it says nothing. */
export function serviceIn(file: WrittenFile, service: string): Readonly<Record<string, unknown>> | null {
  const services = file.content["services"]
  const found = isRecord(services) ? services[service] : undefined
  return isRecord(found) ? found : null
}

/** Names of the services that the files define; what only depends on one does not define it (C125). */
export function definedServices(files: readonly WrittenFile[]): ReadonlySet<string> {
  return new Set(files.flatMap(({ content }) => (isRecord(content["services"]) ? Object.keys(content["services"]) : [])))
}

/** Whether a file declares `secrets: token`, `volumes: data` and the like at its top. */
export function declares(files: readonly WrittenFile[], section: string, name: string): boolean {
  return files.some(({ content }) => isRecord(content[section]) && name in content[section])
}

export interface Assignment {
  readonly file: string
  readonly name: string
  /** As written, unfilled; null where only the name stands. */
  readonly value: string | null
}

/** Every assignment of a service's environment in every file, in order; a name may come more than once. */
export function assignmentsOf(files: readonly WrittenFile[], service: string): readonly Assignment[] {
  return files.flatMap((file) => entriesOf(serviceIn(file, service)?.["environment"]).map((entry) => ({ file: file.path, ...entry })))
}

function entriesOf(environment: unknown): readonly Omit<Assignment, "file">[] {
  if (Array.isArray(environment)) return environment.flatMap((item: unknown) => (typeof item === "string" ? [assignment(item)] : []))
  if (!isRecord(environment)) return []
  return Object.entries(environment).map(([name, value]) => ({ name, value: value === null || value === undefined ? null : textOf(value) }))
}

function assignment(item: string): Omit<Assignment, "file"> {
  const at = item.indexOf("=")
  return at < 0 ? { name: item, value: null } : { name: item.slice(0, at), value: item.slice(at + 1) }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}

/** Names in a service's list of `secrets` or `networks`, whichever way each is written. */
export function namesIn(file: WrittenFile, service: string, list: "secrets" | "networks"): readonly string[] {
  const found = serviceIn(file, service)?.[list]
  if (isRecord(found)) return Object.keys(found)
  if (!Array.isArray(found)) return []
  return found.flatMap((item: unknown) => {
    if (typeof item === "string") return [item]
    return isRecord(item) && typeof item["source"] === "string" ? [item["source"]] : []
  })
}
