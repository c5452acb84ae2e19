import type { DumpSink } from "../app/ports.ts"
import type { RunContext } from "../base/run-context.ts"
import type { StoredItem, StoredSummary } from "./ports.ts"
import type { OpenVault } from "./vault.ts"

/** The part name of an image: images belong to no point, each is stored once per digest and shared. */
export function imagePart(imageId: string): string {
  return `image:${imageId}`
}

/** The file name of an image inside its item. */
export const IMAGE_FILE = "image.tar"

/** The stored image of this id among the app's items, null when the vault does not hold it. */
export function findImage(items: readonly StoredItem[], imageId: string): StoredItem | null {
  return items.findLast((item) => item.tags.part === imagePart(imageId)) ?? null
}

/** Stores an image that `save` writes. */
export async function storeImage(
  vault: OpenVault,
  app: string,
  imageId: string,
  save: (sink: DumpSink) => Promise<void>,
  ctx: RunContext,
): Promise<StoredSummary> {
  const tags = { app, point: null, part: imagePart(imageId) }
  return (await vault.backend.storeStream(vault.location, tags, IMAGE_FILE, save, ctx)).stored
}
