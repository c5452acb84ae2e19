import { resolve } from "node:path"
import { writeFileDurably } from "../../../base/durable-file.ts"
import type { ReleaseSignOutput } from "../../../contract/output-release.ts"
import { publicKeyOf, signatureFiles } from "../../../publish/sign.ts"
import { readManifest } from "../../../release/manifest.ts"
import type { CommandRun } from "../command-spec.ts"
import { MANIFEST_FILE, readGiven, signingKey } from "../release-input.ts"

/** `holdfast release sign` */
export const run: CommandRun = async (house, input) => {
  const name = input.argument("file") ?? MANIFEST_FILE
  const bytes = await readGiven(house, name)
  // What nobody would accept is not signed.
  const { product, version, channel } = readManifest(bytes)
  const key = await signingKey(house, input)
  const file = resolve(house.cwd, name)
  const signatures: string[] = []
  for (const [ending, text] of Object.entries(signatureFiles(bytes, key))) {
    await writeFileDurably(file + ending, text, 0o644)
    signatures.push(file + ending)
  }
  const { fingerprint } = publicKeyOf(key)
  const document: ReleaseSignOutput = { format: "holdfast.release-sign", version: 1, file, signatures, fingerprint }
  return {
    document,
    lines: [`signed ${product} ${version} for ${channel} with ${fingerprint}`, ...signatures.map((one) => `  ${one}`)],
  }
}
