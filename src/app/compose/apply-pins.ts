import { withEnvValue } from "../env-assignment.ts"
import { type ComposeText, type ImageSource, readComposeText } from "./image-source.ts"
import { refused } from "./pin-refusal.ts"
import { HoldfastError } from "../../base/errors.ts"

export interface Replacement {
  readonly service: string
  readonly source: ImageSource
  readonly value: string
}

/** The text with each value in its place. Throws PIN_REFUSED where one is not written on one line. */
export function spliced(text: string, replacements: readonly Replacement[]): string {
  const places = new Map(replacements.map((one) => [one.source.scalar, { ...placeOf(text, one), value: one.value }]))
  return [...places.values()]
    .toSorted((left, right) => right.start - left.start)
    .reduce((edited, { start, end, value }) => edited.slice(0, start) + value + edited.slice(end), text)
}

/** Between the quotes, where there are any. */
function placeOf(text: string, { service, source }: Replacement): { start: number; end: number } {
  const [start, end] = source.scalar.range ?? [0, 0]
  const written = text.slice(start, end)
  const { type } = source.scalar
  const quotes = type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE" ? 1 : 0
  if (/[\r\n]/.test(written) || start === end || (quotes === 0 && type !== "PLAIN"))
    throw refused(service, `its image in ${source.file.path} is written over several lines`, "Write it on one line.")
  return { start: start + quotes, end: end - quotes }
}

/** The text of `.env` with each value in the last assignment of its variable. Throws PIN_REFUSED where one cannot stand there. */
export function withAssignments(path: string, text: string, assignments: ReadonlyMap<string, string>): string {
  let edited = text
  for (const [name, value] of assignments) {
    const after = withEnvValue(edited, name, value)
    if (after === null)
      throw new HoldfastError("PIN_REFUSED", {
        what: `${name} cannot be changed in ${path}`,
        why: "more than this value would change",
        hint: "Write it on a line of its own, as NAME=value.",
      })
    edited = after
  }
  return edited
}

/**
 * Reads the edited text again and holds it against what was there: images of the wanted services may differ, and what stands under
 * `x-`, which compose does not read. Throws PIN_REFUSED naming the first other place.
 * @param wanted null for a file that is only extended: its services are none of the project's
 */
export function assertOnlyImagesChanged(file: ComposeText, after: string, wanted: readonly string[] | null): void {
  if (after === file.text) return
  const stray = differences(file.value, readComposeText(file.path, after).value, []).find((path) => !isAllowed(path, wanted))
  if (stray === undefined) return
  throw new HoldfastError("PIN_REFUSED", {
    what: `the images in ${file.path} cannot be pinned in place`,
    why: `${stray.join(".")} would change as well, because it is written in the same place`,
    hint: "Give the services an `image:` of their own, or name all that belong together under `updates.services`.",
  })
}

function isAllowed([first = "", service = "", key = "", ...rest]: readonly string[], wanted: readonly string[] | null): boolean {
  const isImage = first === "services" && key === "image" && rest.length === 0
  return first.startsWith("x-") || (isImage && wanted?.includes(service) !== false)
}

function differences(left: unknown, right: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (Object.is(left, right)) return []
  if (!isCollection(left) || !isCollection(right) || Array.isArray(left) !== Array.isArray(right)) return [path]
  const keys = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...keys].flatMap((key) => differences(Reflect.get(left, key), Reflect.get(right, key), [...path, key]))
}

function isCollection(value: unknown): value is object {
  return typeof value === "object" && value !== null
}
