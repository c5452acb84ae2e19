import { realpath } from "node:fs/promises"
import { relative } from "node:path"
import type { App } from "../app.ts"
import { literally } from "./exclude.ts"

const SIDE_FILES = ["", "-wal", "-shm", "-journal"] as const

/**
 * Patterns of the app's SQLite databases that lie inside the tree at `root`, with their logs: they are parts of their own. A copy of
 * the bare file in the tree would be torn, and a tree that is put back must not take the database away.
 */
export async function databasesInside(app: App, root: string): Promise<readonly string[]> {
  const roots = new Set([root, await resolved(root)])
  const inside = new Set<string>()
  for (const source of app.databases) {
    if (source.engine !== "sqlite" || "volume" in source.place) continue
    for (const path of new Set([source.place.path, await resolved(source.place.path)])) {
      for (const from of roots) {
        const within = relative(from, path)
        if (within !== "" && within !== ".." && !within.startsWith("../")) inside.add(within)
      }
    }
  }
  return [...inside].flatMap((path) => SIDE_FILES.map((ending) => `/${literally(path)}${ending}`))
}

/** The same path where it does not exist (any more). */
async function resolved(path: string): Promise<string> {
  return await realpath(path).catch(() => path)
}
