import { canonicalJson, sha256 } from "../../base/canonical-json.ts"
import type { UpdatePlanDocument } from "../../contract/output-update.ts"

/** What somebody agrees to: what runs afterwards, what is made anew and edited. Proof, times and space may be others when it is done. */
export function fingerprintOf({ app, from, to, services, stops, edits, databases, unrehearsed }: UpdatePlanDocument): string {
  const ways = databases.map(({ name, way }) => [name, way])
  const { version, images, preFlight, migrate, directory } = to
  const content = directory === undefined ? { images } : { images, directory }
  return sha256(
    canonicalJson({ app, from: from.version, version, ...content, preFlight, migrate, services, stops, edits, ways, unrehearsed }),
  )
}

export function samePlan(left: UpdatePlanDocument, right: UpdatePlanDocument): boolean {
  return fingerprintOf(left) === fingerprintOf(right)
}
