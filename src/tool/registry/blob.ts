import { sha256 } from "../../base/canonical-json.ts"
import { HoldfastError } from "../../base/errors.ts"
import { askRegistry, type Asking } from "./ask.ts"

/** A small blob, whose bytes are those of its digest. Throws REGISTRY_FAILED. */
export async function readBlob(asking: Asking, digest: string): Promise<Uint8Array> {
  const { repository, registry } = asking.place
  const { body } = await askRegistry(asking, `/v2/${repository}/blobs/${digest}`, "*/*")
  if (sha256(body) === digest) return body
  throw new HoldfastError("REGISTRY_FAILED", { what: `${registry} served other bytes than their digest for ${repository}` })
}
