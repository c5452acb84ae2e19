import { HoldfastError } from "../base/errors.ts"

/** One line of `tar --list --verbose --numeric-owner --full-time --quoting-style=escape`. */
export interface ArchiveEntry {
  /** `-` file, `d` directory, `l` symbolic link, `h` hard link, `p` pipe, `c` and `b` devices. */
  readonly type: string
  /** Escaped; of a link with its target after ` -> ` or ` link to `. */
  readonly name: string
}

const LINE = /^(.)[rwxsStT-]{9}\S* \S+ +[\d,]+ \d{4,}-\d\d-\d\d \d\d:\d\d(?::\d\d(?:\.\d+)?)? (.*)$/
const STORABLE = "-dlhp"
const LINK = " link to "

export function parseEntry(archive: string, line: string): ArchiveEntry {
  const [, type, name] = LINE.exec(line) ?? []
  if (type !== undefined && name !== undefined) return { type, name }
  throw new HoldfastError("DUMP_DAMAGED", { what: `${archive} has an entry that cannot be understood`, why: line })
}

/**
 * Judges everything before anything is unpacked (F83): names that leave the root are refused, not silently rewritten; hard links to
 * outside or through a symbolic link, devices, and entries that lie behind a symbolic link of the archive are refused. Throws DUMP_DAMAGED.
 */
export function refuseUnsafe(archive: string, entries: readonly ArchiveEntry[]): void {
  const links = new Set<string>()
  for (const entry of entries) {
    const why = whyUnsafe(entry, links)
    if (why !== null)
      throw new HoldfastError("DUMP_DAMAGED", { what: `${archive} holds an entry that is not unpacked: ${entry.name}`, why })
    if (entry.type === "l") links.add(normal(entry.name.split(" -> ")[0] ?? entry.name))
  }
}

function whyUnsafe({ type, name }: ArchiveEntry, links: ReadonlySet<string>): string | null {
  if (!STORABLE.includes(type)) return "it is a device or of an unknown kind"
  if (type === "l") return outside(name.split(" -> ")[0] ?? name, links)
  if (type !== "h") return outside(name, links)
  const at = name.indexOf(LINK)
  const target = name.slice(at + LINK.length)
  if (links.has(normal(target))) return "it is a hard link to a symbolic link"
  return outside(name.slice(0, at), links) ?? outside(target, links)
}

function outside(name: string, links: ReadonlySet<string>): string | null {
  if (name.startsWith("/")) return "its name is absolute"
  const parts = normal(name).split("/")
  if (parts.includes("..")) return "its name leads out of the archive"
  if (links.has(normal(name))) return "it stands in place of a symbolic link"
  const through = parts.slice(0, -1).some((_, index) => links.has(parts.slice(0, index + 1).join("/")))
  return through ? "it lies behind a symbolic link" : null
}

function normal(name: string): string {
  return name
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")
}
