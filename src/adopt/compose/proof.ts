import { isDeepStrictEqual } from "node:util"
import { parseDocument, type Document } from "yaml"
import { HoldfastError } from "../../base/errors.ts"
import { lostComments } from "../../settings/lost-comments.ts"

/** Where something stands in a compose file: `["services", "chat", "environment"]`. */
export type Place = readonly string[]

/** Reads one compose file. Throws ADOPT_NOT_EDITABLE when it is not YAML of one document. */
export function readCompose(text: string, place: Place): Document.Parsed {
  const document = parseDocument(text, { merge: true, uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) throw notEditable(place, error.message.split("\n")[0] ?? "the file is not YAML")
  return document
}

/** What the file says, as plain values. */
export function meaning(document: Document.Parsed): unknown {
  return document.toJS({ maxAliasCount: 1000 })
}

/**
 * The edited text, if it means what it is to mean and no comment went.
 * @param may comments that may go, because they stand in what is taken out
 * @throws ADOPT_NOT_EDITABLE
 */
export function proven(edit: { readonly before: string; readonly after: string }, wanted: unknown, place: Place, may = ""): string {
  const { before, after } = edit
  if (!isDeepStrictEqual(meaning(readCompose(after, place)), wanted)) throw notEditable(place, "more than this would change")
  const lost = lostComments(before, after).find((comment) => !may.includes(comment))
  if (lost !== undefined) throw notEditable(place, `the comment "${lost}" would be lost`)
  return after
}

export function notEditable(place: Place, why: string): HoldfastError {
  return new HoldfastError("ADOPT_NOT_EDITABLE", { what: `cannot change ${place.join(".")} of the compose file in place`, why })
}
