import { createHash } from "node:crypto"
import { readdir, readFile, rm } from "node:fs/promises"
import { isAbsolute, join } from "node:path"
import { syncDirectory, writeFileDurably } from "../../base/durable-file.ts"
import type { VaultLocation } from "../../vault/ports.ts"
import { parseKeyFile, sealAgain, unseal, type Derivation, type KeyFile } from "./key-file.ts"

/** 256 random bits, as Holdfast makes them; slow derivation protects what people think up. */
const RANDOM_KEY = /^[\w-]{43}$/
/** About 20 ms and 8 MiB, where restic measures out half a second for each of its calls. */
const QUICK: Derivation = { N: 8192, r: 8, p: 1 }
const READ_ONLY = 0o400

/**
 * Seals the master key of a new, empty, local vault so that each call opens it in milliseconds (decision 6), and takes the file that
 * restic made away. Does nothing elsewhere, with a key that may have been thought up, or with a key file it does not understand.
 * Returns how to put everything back as restic made it, null when nothing was done.
 */
export async function makeKeyQuick(location: VaultLocation): Promise<(() => Promise<void>) | null> {
  if (!isAbsolute(location.url)) return null
  const password = (await readFile(location.keyFile, "utf8")).trim()
  if (!RANDOM_KEY.test(password)) return null
  const directory = join(location.url, "keys")
  const [name, ...others] = await readdir(directory)
  if (name === undefined || others.length > 0) return null
  const made = join(directory, name)
  const text = await readFile(made, "utf8")
  const quick = quickened(parseKeyFile(text), password)
  if (quick === null) return null
  const ours = join(directory, createHash("sha256").update(quick).digest("hex"))
  await writeFileDurably(ours, quick, READ_ONLY)
  await rm(made)
  await syncDirectory(directory)
  return async () => {
    await writeFileDurably(made, text, READ_ONLY)
    await rm(ours)
  }
}

function quickened(file: KeyFile | null, password: string): string | null {
  if (file === null || file.N * file.p <= QUICK.N * QUICK.p) return null
  const master = unseal(file, password)
  return master === null ? null : JSON.stringify(sealAgain(file, master, password, QUICK))
}
