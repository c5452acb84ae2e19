import type { App } from "../../app/app.ts"
import { filesBesideData } from "./directory.ts"
import type { Removable } from "./removable.ts"

/** Logs that the recipe names: rotated ones can go, the one in use is named with its size (C80). */
export async function logsOf(app: App): Promise<readonly Removable[]> {
  const names = app.recipe?.logs ?? []
  if (names.length === 0) return []
  const files = await filesBesideData(app)
  return files.flatMap((file): Removable[] => {
    const log = { kind: "log", subject: file.path, vault: null, sizeBytes: file.sizeBytes } as const
    if (names.includes(file.name)) return [{ ...log, remove: false, why: "in use by the app: rotate or compress it" }]
    return names.some((name) => file.name.startsWith(`${name}.`)) ? [{ ...log, remove: true, why: "a rotated log" }] : []
  })
}
