import { relative, sep } from "node:path"

/** Whether `child` is `parent` or lies below it, by name. A name that merely begins with two dots is an ordinary one. */
export function isInside(parent: string, child: string): boolean {
  const between = relative(parent, child)
  return between !== ".." && !between.startsWith(`..${sep}`)
}
