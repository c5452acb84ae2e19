import { readFile } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { ComposeProject } from "../app.ts"
import { extendedFilesOf, readComposeText } from "./image-source.ts"

/**
 * The texts that `planPins` takes, by absolute path: the compose files, what they extend, and `.env` where there is one.
 * @throws COMPOSE_INVALID for a file that is not there, cannot be read, or would not be written back byte for byte
 */
export async function readProjectTexts(project: Pick<ComposeProject, "files" | "projectDirectory">): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>()
  const open = [...project.files]
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    if (texts.has(path)) continue
    const text = await read(path)
    // What is extended and not there is compose's own to complain about.
    if (text === null && !project.files.includes(path)) continue
    if (text === null) throw new HoldfastError("COMPOSE_INVALID", { what: `there is no compose file ${path}` })
    texts.set(path, text)
    const folder = dirname(path)
    open.push(...extendedFilesOf(readComposeText(path, text)).map((file) => resolve(folder, file)))
  }
  const envPath = join(project.projectDirectory, ".env")
  const env = await read(envPath)
  return env === null ? texts : texts.set(envPath, env)
}

async function read(path: string): Promise<string | null> {
  const bytes = await readBytes(path)
  if (bytes === null) return null
  const text = bytes.toString("utf8")
  if (Buffer.from(text, "utf8").equals(bytes)) return text
  throw new HoldfastError("COMPOSE_INVALID", {
    what: `${path} is not UTF-8 text`,
    hint: "Save it as UTF-8: a file is only edited when every other byte can be kept.",
  })
}

async function readBytes(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null
    throw new HoldfastError("COMPOSE_INVALID", { what: `cannot read ${path}`, why: messageOf(cause), cause })
  }
}
