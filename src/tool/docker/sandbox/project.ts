import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { SourceDocument } from "./document.ts"

/** A sandbox as it lies on disk. */
export interface Project {
  readonly name: string
  readonly file: string
  readonly directory: string
  /** As it was asked for. */
  readonly document: SourceDocument
  /** As it runs, made by `rewriteDocument`. */
  readonly rewritten: Readonly<Record<string, unknown>>
}

/** Writes a compose file that only we can read. */
export async function writeComposeFile(directory: string, name: string, document: unknown): Promise<string> {
  const file = join(directory, name)
  await writeFile(file, JSON.stringify(document), { mode: 0o600 })
  return file
}

/** The environment file is empty, because the document is resolved already. */
export function composeArgs(project: Pick<Project, "name" | "directory">, file: string, progress: "plain" | "quiet"): string[] {
  const where = ["--file", file, "--project-directory", project.directory, "--project-name", project.name, "--env-file", "/dev/null"]
  return ["--ansi", "never", "--progress", progress, ...where]
}
