import { Parser } from "yaml"
import { isRecord } from "./member-value.ts"

/** Comments of a YAML text that an edited one has no more, in order, each as it stands. */
export function lostComments(before: string, after: string): readonly string[] {
  const left = new Set(commentsOf(after))
  return commentsOf(before).filter((comment) => !left.has(comment))
}

/** Every comment as it stands, wherever the parser would attach it. */
function commentsOf(text: string): readonly string[] {
  const found: string[] = []
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk)
    else if (isRecord(value)) {
      if (value["type"] === "comment" && typeof value["source"] === "string") found.push(value["source"])
      Object.values(value).forEach(walk)
    }
  }
  for (const token of new Parser().parse(text)) walk(token)
  return found
}
