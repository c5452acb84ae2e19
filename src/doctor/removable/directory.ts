import { lstat, readdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { App } from "../../app/app.ts"

export interface SeenFile {
  readonly path: string
  readonly name: string
  readonly sizeBytes: number
  readonly modifiedAt: Date
}

/** Plain files directly in the directories that hold the app's SQLite databases and file trees. Links are never followed. */
export async function filesBesideData(app: App): Promise<readonly SeenFile[]> {
  const directories = new Set([
    ...app.databases.flatMap((source) => (source.engine === "sqlite" && !("volume" in source.place) ? [dirname(source.place.path)] : [])),
    ...app.files.flatMap((source) => ("volume" in source.place ? [] : [source.place.path])),
  ])
  const listed = await Promise.all([...directories].map(async (directory) => await filesIn(directory)))
  return listed.flat()
}

async function filesIn(directory: string): Promise<readonly SeenFile[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ name }) => {
        const path = join(directory, name)
        const { size, mtime } = await lstat(path)
        return { path, name, sizeBytes: size, modifiedAt: mtime }
      }),
  )
}

/** `*` stands for any characters of a file name; nothing else is special. */
export function matchesName(pattern: string, name: string): boolean {
  const source = pattern
    .split("*")
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join("[^/]*")
  return new RegExp(`^${source}$`).test(name)
}
