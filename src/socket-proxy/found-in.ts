import { labelsIn, membersOf, textOf } from "./pick.ts"
import type { Ask, Found } from "./route.ts"

/** What an answer to `inspect` says of whose the thing is; null for an answer that does not say what it is about. */
export function foundIn(kind: Exclude<Ask["kind"], "path" | "exec">, answer: unknown): Found | null {
  const members = membersOf(answer)
  const labels = labelsIn(kind === "container" ? membersOf(members["Config"])["Labels"] : members["Labels"])
  const name = textOf(members["Name"]).replace(/^\//, "")
  const id = kind === "volume" ? name : textOf(members["Id"])
  return id === "" ? null : { id, name, labels }
}
