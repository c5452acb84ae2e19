import type { ItemTags } from "../../vault/ports.ts"

/** Every snapshot of ours carries it, so that others in the same repository are left alone. */
export const OURS = "holdfast"

/** Tags as restic takes them. It splits a tag at commas, so they are escaped. */
export function tagArguments(tags: ItemTags): string[] {
  const all = [OURS, pair("app", tags.app), pair("part", tags.part), ...(tags.point === null ? [] : [pair("point", tags.point)])]
  return all.map((tag) => `--tag=${tag}`)
}

/** One `--tag` whose members must all be there. */
export function filterArgument(filter: { app?: string; point?: string; part?: string }): string {
  const wanted = Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [pair(name, value)]))
  return `--tag=${[OURS, ...wanted].join(",")}`
}

/** Null when the snapshot is not ours, or does not say what it is. */
export function parseTags(tags: readonly string[]): ItemTags | null {
  if (!tags.includes(OURS)) return null
  const app = valueOf(tags, "app")
  const part = valueOf(tags, "part")
  return app === null || part === null ? null : { app, part, point: valueOf(tags, "point") }
}

function pair(name: string, value: string): string {
  return `${name}=${value.replaceAll("%", "%25").replaceAll(",", "%2C")}`
}

function valueOf(tags: readonly string[], name: string): string | null {
  const tag = tags.find((candidate) => candidate.startsWith(`${name}=`))
  return tag === undefined
    ? null
    : tag
        .slice(name.length + 1)
        .replaceAll("%2C", ",")
        .replaceAll("%25", "%")
}
