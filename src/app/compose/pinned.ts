import { HoldfastError } from "../../base/errors.ts"
import type { ComposeModel } from "../ports.ts"
import { interpolate, type Variables } from "../interpolate.ts"
import { type ComposeTexts, findImage, servicesOf } from "./image-source.ts"
import { imageTemplate, isSameRepository, type WantedImage } from "./image-text.ts"

/** A name without a digest, and what it must mean on this machine. */
export interface LocalTag {
  readonly reference: string
  readonly repository: string
  readonly digest: string
}

/**
 * Whether the project, resolved by compose itself after the edits, runs the wanted images: a variable of the environment stands above
 * `.env` and would keep the old one. Throws PIN_REFUSED naming the first service that would not.
 */
export function assertPinned(
  model: Pick<ComposeModel, "services">,
  wanted: Readonly<Record<string, WantedImage>>,
  tags: readonly LocalTag[],
): void {
  for (const [service, image] of Object.entries(wanted)) {
    const found = model.services.find(({ name }) => name === service)?.image ?? null
    if (found !== null && isPinned(found, image, tags)) continue
    throw new HoldfastError("PIN_REFUSED", {
      what: `${service} would not run the image that it was pinned to`,
      why: found === null ? "compose finds no image for it" : `compose resolves its image to ${found}`,
      hint: "A variable of the environment may stand above the one in `.env`: take it out of the environment.",
    })
  }
}

/** What the texts say each service runs, with variables from `.env` alone; null where they do not say. */
export function imagesOf(compose: ComposeTexts, lookUp: Variables): ReadonlyMap<string, string | null> {
  const services = [...new Set(compose.files.flatMap(servicesOf))]
  return new Map(
    services.map((service) => {
      const found = findImage(compose, service)
      return [service, found.kind === "image" ? interpolate(found.source.scalar.value, lookUp) : null]
    }),
  )
}

export function isPinned(reference: string, wanted: WantedImage, tags: readonly LocalTag[]): boolean {
  const { repository, digest } = imageTemplate(reference)
  if (!isSameRepository(repository, wanted.repository)) return false
  if (digest !== null) return digest === wanted.digest
  return tags.some((tag) => tag.reference === reference && tag.digest === wanted.digest)
}
