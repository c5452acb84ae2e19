import type { App } from "../app/app.ts"
import type { DumpSink, ServiceState } from "../app/ports.ts"
import { isHoldfastService } from "../app/updater-services.ts"
import type { RunContext } from "../base/run-context.ts"
import type { ImagePart, Manifest, ServiceRecord } from "../recovery-point/manifest.ts"
import { findImage, IMAGE_FILE, imagePart, storeImage } from "../vault/images.ts"
import type { StoredItem } from "../vault/ports.ts"
import type { OpenVault } from "../vault/vault.ts"
import type { BackupTools } from "./ports.ts"

/** What ran at the time of the point: digests decide, never tags. */
export function serviceRecords(states: readonly ServiceState[]): ServiceRecord[] {
  return states.map((state) => ({
    service: state.service,
    reference: state.imageReference,
    imageId: state.imageId,
    repositoryDigests: [...state.repositoryDigests],
    running: state.state === "running",
  }))
}

/** Images that no registry serves by digest (or all, when asked), once each. Whoever restores has Holdfast's own. */
export function imagesToSave(app: App, states: readonly ServiceState[]): readonly ServiceState[] {
  if (app.images === "never") return []
  const wanted = states
    .filter((state) => !isHoldfastService(state))
    .filter((state) => app.images === "always" || state.repositoryDigests.length === 0)
  return [...new Map(wanted.map((state) => [state.imageId, state])).values()]
}

/**
 * Stores an image unless the vault already holds it: once per digest, shared by all points.
 * @param seen the app's items in the vault, and its last point
 */
export async function captureImage(
  tools: BackupTools,
  vault: OpenVault,
  app: App,
  state: ServiceState,
  seen: { readonly items: readonly StoredItem[]; readonly last: Manifest | null },
  ctx: RunContext,
): Promise<ImagePart> {
  const { imageId, imageReference: reference } = state
  const base = { kind: "image" as const, name: imageId, part: imagePart(imageId), fileName: IMAGE_FILE, imageId, reference }
  const known = findImage(seen.items, imageId)
  if (known !== null)
    return {
      ...base,
      treeId: known.treeId,
      sizeBytes: recordedSize(seen.last, known) ?? (await knownSize(vault, known, ctx)),
      storedBytes: 0,
    }
  const save = async (sink: DumpSink): Promise<void> => await tools.containers.saveImage(imageId, sink, ctx)
  const stored = await storeImage(vault, app.name, imageId, save, ctx)
  return { ...base, treeId: stored.treeId, sizeBytes: stored.sizeBytes, storedBytes: stored.storedBytes }
}

/** The last point knows how large it is: the same tree is the same image. */
function recordedSize(last: Manifest | null, item: StoredItem): number | null {
  return last?.parts.find((part) => part.part === item.tags.part && part.treeId === item.treeId)?.sizeBytes ?? null
}

async function knownSize(vault: OpenVault, item: StoredItem, ctx: RunContext): Promise<number> {
  for await (const entry of vault.backend.entries(vault.location, item, ctx)) if (entry.kind === "file") return entry.sizeBytes
  return 0
}
