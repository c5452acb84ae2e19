import { itemsOf, labelsIn, membersOf, textOf, type Members } from "./pick.ts"
import type { Ask, Found } from "./route.ts"

/** What an answer to `inspect` says of whose the thing is; null for an answer that does not say what it is about. */
export function foundIn(kind: Exclude<Ask["kind"], "path" | "exec">, answer: unknown): Found | null {
  const members = membersOf(answer)
  if (kind === "image") return imageIn(members)
  const labels = labelsIn(kind === "container" ? membersOf(members["Config"])["Labels"] : members["Labels"])
  const name = textOf(members["Name"]).replace(/^\//, "")
  const id = kind === "volume" ? name : textOf(members["Id"])
  return id === "" ? null : { id, name, labels }
}

/** Images carry no label of whoever uses them: their names say whose they are. */
function imageIn({ Id, RepoTags, RepoDigests }: Members): Found | null {
  const id = textOf(Id)
  return id === "" ? null : { id, name: id, labels: {}, names: [...itemsOf(RepoTags), ...itemsOf(RepoDigests)].map(textOf) }
}
