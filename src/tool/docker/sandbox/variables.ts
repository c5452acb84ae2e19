import { chmod, mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { SandboxRequest } from "../../../app/ports.ts"
import type { SourceDocument } from "./document.ts"

/**
 * Variable → a file with its value, for secrets and configs that are the value of a variable. Compose hands those over readable for whoever the
 * container runs as; nobody else comes into the directory.
 */
export async function writeVariables(
  document: SourceDocument,
  { variables = {} }: SandboxRequest,
  directory: string,
): Promise<ReadonlyMap<string, string>> {
  const items = [document.secrets, document.configs].flatMap((group) => Object.values(group ?? {}))
  const files = new Map<string, string>()
  for (const name of new Set(items.flatMap((item) => item?.environment ?? []))) {
    const value = variables[name]
    if (value === undefined) continue
    const file = join(directory, "variables", name)
    await mkdir(join(directory, "variables"), { recursive: true, mode: 0o700 })
    await writeFile(file, value.reveal(), { mode: 0o400 })
    // Not left to the umask: of a service it may be one that lets nobody else read.
    await chmod(file, 0o444)
    files.set(name, file)
  }
  return files
}
