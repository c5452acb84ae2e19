import type { RunContext } from "../base/run-context.ts"
import type { ImagePart } from "../recovery-point/manifest.ts"
import { partItem } from "../recovery-point/recovery-point.ts"
import type { Origin } from "./stage.ts"
import type { RestoreTools } from "./ports.ts"

/** Makes the point's own images available under the names that the compose file uses. One that is present already is only named. */
export async function loadImages(tools: RestoreTools, origin: Origin, parts: readonly ImagePart[], ctx: RunContext): Promise<void> {
  for (const part of parts) {
    if (await tools.containers.imagePresent(part.imageId, ctx)) {
      await tools.containers.tagImage(part.imageId, part.reference, ctx)
      continue
    }
    const item = await partItem(origin.vault, origin.point, part.part, ctx)
    await origin.vault.backend.readStream(
      origin.vault.location,
      item,
      part.fileName,
      async (source) => await tools.containers.loadImage(source, part.imageId, part.reference, ctx),
      ctx,
    )
  }
}
