import { readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { isMap, parseDocument } from "yaml"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { ComposeProject } from "../app.ts"

/**
 * The texts that `planPins` takes, by absolute path: the compose files, what they extend, and `.env` where there is one.
 * @throws COMPOSE_INVALID for a file that cannot be read, or that would not be written back byte for byte
 */
export function readProjectTexts(project: Pick<ComposeProject, "files" | "projectDirectory">): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  const open = [...project.files]
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    if (texts.has(path)) continue
    const text = read(path)
    if (text === null) {
      if (!project.files.includes(path)) continue
      throw new HoldfastError("COMPOSE_INVALID", { what: `there is no compose file ${path}` })
    }
    texts.set(path, text)
    open.push(...extendedBy(path, text))
  }
  const envPath = join(project.projectDirectory, ".env")
  const env = read(envPath)
  return env === null ? texts : texts.set(envPath, env)
}

function extendedBy(path: string, text: string): readonly string[] {
  const document = parseDocument(text, { merge: true, uniqueKeys: false })
  const services: unknown = document.errors.length === 0 ? document.get("services") : null
  if (!isMap(services)) return []
  return services.items.flatMap(({ key }) => {
    const file = document.getIn(["services", key, "extends", "file"])
    return typeof file === "string" ? [resolve(dirname(path), file)] : []
  })
}

function read(path: string): string | null {
  const bytes = readBytes(path)
  if (bytes === null) return null
  const text = bytes.toString("utf8")
  if (Buffer.from(text, "utf8").equals(bytes)) return text
  throw new HoldfastError("COMPOSE_INVALID", {
    what: `${path} is not UTF-8 text`,
    hint: "Save it as UTF-8: a file is only edited when every other byte can be kept.",
  })
}

function readBytes(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null
    throw new HoldfastError("COMPOSE_INVALID", { what: `cannot read ${path}`, why: messageOf(cause), cause })
  }
}
