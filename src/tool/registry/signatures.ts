import { isHoldfastError } from "../../base/errors.ts"
import type { ImageSignature } from "../../release/ports.ts"
import { askRegistry, type Answer, type Asking } from "./ask.ts"
import { readBlob } from "./blob.ts"
import { parseDocument, signatureManifestSchema } from "./documents.ts"

const SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature"
const PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
const MANIFEST_TYPES = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"

/** Cosign keeps the signatures of `sha256:abc` under the tag `sha256-abc.sig` of the same repository. Throws what asking throws. */
export async function readSignatures(asking: Asking, digest: string): Promise<readonly ImageSignature[]> {
  const answer = await askIfThere(asking, `/v2/${asking.place.repository}/manifests/${digest.replace(":", "-")}.sig`)
  if (answer === null) return []
  const { layers } = parseDocument(signatureManifestSchema, answer.body, asking.place.registry)
  const found: ImageSignature[] = []
  for (const { mediaType, annotations, digest: payloadDigest } of layers) {
    const signature = annotations?.[SIGNATURE_ANNOTATION]
    if (mediaType !== PAYLOAD_TYPE || signature === undefined) continue
    found.push({ payload: await readBlob(asking, payloadDigest), signature })
  }
  return found
}

async function askIfThere(asking: Asking, path: string): Promise<Answer | null> {
  try {
    return await askRegistry(asking, path, MANIFEST_TYPES)
  } catch (thrown) {
    if (isHoldfastError(thrown, "IMAGE_TAG_MISSING")) return null
    throw thrown
  }
}
