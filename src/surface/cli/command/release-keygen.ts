import { open } from "node:fs/promises"
import { resolve } from "node:path"
import { writeFileDurably } from "../../../base/durable-file.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { ReleaseKeygenOutput } from "../../../contract/output-release.ts"
import { announceKey } from "../../../publish/announce-key.ts"
import { makeKeyPair, openPrivateKey } from "../../../publish/private-key.ts"
import type { PublicKey } from "../../../release/public-key.ts"
import type { CliHouse } from "../cli-house.ts"
import type { CommandRun } from "../command-spec.ts"
import type { CommandInput } from "../input.ts"
import { KEY_PREFIX, keyPassphrase, readGiven, releaseDirectory, requiredOption } from "../release-input.ts"

/** `holdfast release keygen` */
export const run: CommandRun = async (house, input) => {
  const prefix = resolve(house.cwd, input.text("output") ?? KEY_PREFIX)
  const [privateFile, publicFile] = [`${prefix}.key`, `${prefix}.pub`]
  await refuseIfThere(privateFile)
  await refuseIfThere(publicFile)
  const pair = await makeKeyPair(await keyPassphrase(house, input))
  await writeFileDurably(privateFile, pair.privateKey)
  await writeFileDurably(publicFile, pair.publicKey.pem, 0o644)
  const announcement = await announce(house, input, pair.publicKey)
  const document: ReleaseKeygenOutput = {
    format: "holdfast.release-keygen",
    version: 1,
    privateKey: privateFile,
    publicKey: publicFile,
    fingerprint: pair.publicKey.fingerprint,
    announcement,
  }
  return {
    document,
    lines: [
      `wrote ${privateFile} and ${publicFile}`,
      ...(announcement === null ? [] : [`announced in ${announcement}; sign with the new key once operators had the time to confirm it`]),
      "",
      `fingerprint ${pair.publicKey.fingerprint}`,
      "Operators pin this fingerprint: tell it on another way than the address that releases are served from.",
      "Keep the private key and its passphrase away from the web server: whoever has both can release in your name.",
    ],
  }
}

async function announce(house: CliHouse, input: CommandInput, key: PublicKey): Promise<string | null> {
  const old = input.text("announce-with")
  if (old === null) return null
  const product = requiredOption(input, "product", "whose key it is")
  const opened = await openPrivateKey((await readGiven(house, old)).toString("utf8"), await keyPassphrase(house, input))
  return await announceKey(releaseDirectory(house, input), { product, key, old: opened, now: house.clock.now() })
}

async function refuseIfThere(file: string): Promise<void> {
  try {
    await (await open(file, "r")).close()
  } catch {
    return
  }
  throw new HoldfastError("RELEASE_EXISTS", {
    what: `${file} is there already`,
    hint: "A key is never overwritten; name another with --output.",
  })
}
