import { interpolate, type Reference, referencesIn, type Variables } from "../interpolate.ts"
import { type ImageTemplate, imageTemplate, isSameRepository, pinnedText, type WantedImage } from "./image-text.ts"

export interface Assignment {
  readonly name: string
  readonly value: string
}

/** How an image can be moved by changing variables alone. */
export interface ByVariables {
  readonly assignments: readonly Assignment[]
  /** `repository:tag` that is then without a digest; null where the digest is in it. */
  readonly reference: string | null
}

/** Null where the variables of a text cannot bring the wanted image; then the text itself is replaced. */
export function proposeVariables(template: ImageTemplate, wanted: WantedImage, lookUp: Variables): ByVariables | null {
  if (template.whole !== null) {
    const present = isSet(template.whole, lookUp) ? (lookUp(template.whole.name) ?? "") : null
    if (present === null) return null
    const written = present === "" ? null : imageTemplate(present)
    return { assignments: [{ name: template.whole.name, value: pinnedText(written, wanted, lookUp) }], reference: null }
  }
  if (!isSameRepository(interpolate(template.repository, lookUp), wanted.repository)) return null
  return template.digest === null ? byTag(template, wanted, lookUp) : byDigest(template, template.digest, wanted, lookUp)
}

function byTag(template: ImageTemplate, wanted: WantedImage, lookUp: Variables): ByVariables | null {
  if (template.tag === null || wanted.tag === null) return null
  const assignment = fitted(template.tag, wanted.tag, lookUp)
  if (assignment === null || assignment === "as it is") return null
  return { assignments: [assignment], reference: `${interpolate(template.repository, lookUp)}:${wanted.tag}` }
}

function byDigest(template: ImageTemplate, digest: string, wanted: WantedImage, lookUp: Variables): ByVariables | null {
  if ((template.tag === null) !== (wanted.tag === null)) return null
  const parts = [fitted(digest, wanted.digest, lookUp), fitted(template.tag ?? "", wanted.tag ?? "", lookUp)]
  if (parts.includes(null)) return null
  const assignments = parts.flatMap((part) => (part === null || part === "as it is" ? [] : [part]))
  return assignments.length === 0 ? null : { assignments, reference: null }
}

/** What the one variable of a text must be, so that the text comes out as wanted; null where that cannot be. */
function fitted(text: string, wanted: string, lookUp: Variables): Assignment | "as it is" | null {
  const [reference, ...more] = referencesIn(text)
  if (reference === undefined) return text === wanted ? "as it is" : null
  const [before, after] = [text.slice(0, reference.start), text.slice(reference.end)]
  const value = wanted.slice(before.length, wanted.length - after.length)
  const fits = more.length === 0 && isSet(reference, lookUp) && value !== "" && before + value + after === wanted
  return fits ? { name: reference.name, value } : null
}

/** Whether it is the variable that decides, not what the text says for the case that there is none. */
function isSet({ name, operator }: Reference, lookUp: Variables): boolean {
  const value = lookUp(name)
  if (value === undefined || operator.endsWith("+")) return false
  return !operator.startsWith(":") || value !== ""
}

/** Variables that decide which version an image is: those in its tag or digest, or the whole. One that names the registry decides nothing. */
export function tailVariables(template: ImageTemplate): readonly string[] {
  const text = template.whole === null ? `${template.tag ?? ""}@${template.digest ?? ""}` : null
  if (text === null) return template.whole === null ? [] : [template.whole.name]
  return referencesIn(text).map(({ name }) => name)
}
