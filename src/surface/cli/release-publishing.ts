import type { KeyObject } from "node:crypto"
import type { ReleasePublishOutput } from "../../contract/output-release.ts"
import type { ReleaseDirectory } from "../../publish/directory.ts"
import { publishRelease, type Published } from "../../publish/publish-release.ts"
import { publicKeyOf, signatureFiles } from "../../publish/sign.ts"
import type { CommandResult } from "./command-spec.ts"
import { releaseDocument } from "./release-input.ts"

/** Signs manifests and publishes them, in this order; what was published before one failed stays. */
export async function signAndPublish(directory: ReleaseDirectory, key: KeyObject, texts: readonly string[]): Promise<readonly Published[]> {
  const published: Published[] = []
  for (const text of texts) {
    const bytes = Buffer.from(text)
    published.push(await publishRelease(directory, bytes, signatureFiles(bytes, key), publicKeyOf(key)))
  }
  return published
}

export function publishedResult(directory: ReleaseDirectory, published: readonly Published[]): CommandResult {
  const document: ReleasePublishOutput = {
    format: "holdfast.release-publish",
    version: 1,
    directory: directory.path,
    published: published.map(({ file, digest, manifest }) => ({ file, digest, release: releaseDocument(manifest) })),
  }
  return {
    document,
    lines: published.flatMap(({ file, manifest: { product, version, channel, sequence, expires, yanked } }) => [
      `published ${product} ${version} in ${channel}, sequence ${sequence}, valid until ${expires}`,
      `  ${file}`,
      ...(yanked.length === 0 ? [] : [`  withdrawn: ${yanked.join(", ")}`]),
    ]),
  }
}
