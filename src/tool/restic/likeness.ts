import { createHash } from "node:crypto"
import { readdir, readFile, stat } from "node:fs/promises"
import { isAbsolute, join } from "node:path"
import type { VaultLocation } from "../../vault/ports.ts"

/** A configuration is a few hundred bytes; anything else is for restic itself to refuse. */
const MAX_CONFIGURATION_BYTES = 64 * 1024

/**
 * What a local vault looks like without deriving its key, which costs half a second: its configuration byte for byte (it is sealed
 * with the master key and holds the id), the names of its keys (digests of their content), and which file our own key is. While none
 * of this changes, restic would open it with the same answer. Null where it cannot be seen.
 */
export async function likenessOf(location: VaultLocation): Promise<string | null> {
  if (!isAbsolute(location.url)) return null
  try {
    const config = join(location.url, "config")
    if ((await stat(config)).size > MAX_CONFIGURATION_BYTES) return null
    const [bytes, keys, own] = await Promise.all([
      readFile(config),
      readdir(join(location.url, "keys")),
      stat(location.keyFile, { bigint: true }),
    ])
    const seen = [location.url, keys.toSorted().join(), own.dev, own.ino, own.size, own.mtimeNs, own.ctimeNs]
    return createHash("sha256").update(seen.join("\n")).update(bytes).digest("hex")
  } catch {
    // Whatever stands in the way, opening the vault in full will name it.
    return null
  }
}
