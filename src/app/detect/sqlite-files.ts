import { type Dirent } from "node:fs"
import { open, readdir } from "node:fs/promises"
import { join, relative } from "node:path"

const MAGIC = Buffer.from("SQLite format 3\0")
const DEEPEST = 6
const MOST_ENTRIES = 20_000

export interface SqliteSearch {
  /** Relative to the folder that was searched. */
  readonly files: readonly string[]
  /** False when the folder is too large or too deep, or parts cannot be read: then there may be more. */
  readonly complete: boolean
}

/** SQLite databases below a folder, told by their first 16 bytes and never by their names. Links are not followed. */
export async function findSqliteFiles(directory: string): Promise<SqliteSearch> {
  const files: string[] = []
  let complete = true
  let seen = 0
  const walk = async (folder: string, depth: number): Promise<void> => {
    const entries = await entriesOf(folder)
    if (entries === null || depth > DEEPEST) complete = false
    for (const entry of depth > DEEPEST ? [] : (entries ?? [])) {
      seen += 1
      if (seen > MOST_ENTRIES) {
        complete = false
        return
      }
      const path = join(folder, entry.name)
      if (entry.isDirectory()) await walk(path, depth + 1)
      else if (entry.isFile() && (await isSqlite(path))) files.push(relative(directory, path))
    }
  }
  await walk(directory, 0)
  return { files: files.toSorted(), complete }
}

async function entriesOf(folder: string): Promise<readonly Dirent[] | null> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch {
    return null
  }
}

async function isSqlite(path: string): Promise<boolean> {
  try {
    await using file = await open(path, "r")
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0)
    return bytesRead === MAGIC.length && buffer.equals(MAGIC)
  } catch {
    return false
  }
}
