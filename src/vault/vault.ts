/** Where points live: opening a vault for what it is and nothing else, its key, its pinned identity (design §5). */
import { randomBytes } from "node:crypto"
import { mkdir, readFile, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { writeFileDurably } from "../base/durable-file.ts"
import { mountPointOf } from "../app/tree/mounts.ts"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Pins } from "./pins.ts"
import type { VaultBackend, VaultLocation } from "./ports.ts"

/** A vault that answered to its key and is the one that was pinned. */
export interface OpenVault {
  readonly location: VaultLocation
  readonly vaultId: string
  readonly backend: VaultBackend
}

export interface VaultTools {
  readonly backend: VaultBackend
  readonly store: Pins
}

const KEY_BYTES = 32

export interface OpenOptions {
  /** Make the key file (0600) and the vault where neither was ever seen. */
  readonly create: boolean
  /** A new vault cuts data as this one does, so that copies between them share it. */
  readonly copyParametersFrom?: VaultLocation
}

/**
 * Opens a vault.
 * Throws VAULT_ABSENT, VAULT_WRONG_KEY, VAULT_KEY_MISSING, VAULT_UNREACHABLE, VAULT_NOT_MOUNTED, or VAULT_REPLACED when another vault answers.
 */
export async function openVault(tools: VaultTools, location: VaultLocation, options: OpenOptions, ctx: RunContext): Promise<OpenVault> {
  await refuseUnmounted(location)
  const pin = pinName(location)
  const pinned = await tools.store.value(pin)
  const mayCreate = options.create && pinned === null
  if (!(await hasKey(location))) await makeKey(tools, location, mayCreate, ctx)
  const likeness = await tools.backend.likeness(location)
  if (pinned !== null && likeness !== null && (await tools.store.value(likenessName(location))) === `${pinned} ${likeness}`) {
    return { location, vaultId: pinned, backend: tools.backend }
  }
  const vaultId = await openOrInitialise(tools, location, { ...options, create: mayCreate }, ctx)
  if (pinned !== null && pinned !== vaultId) {
    throw new HoldfastError("VAULT_REPLACED", {
      what: `vault ${location.name} is not the one that was pinned`,
      why: `${vaultId} answered, ${pinned} was pinned`,
      details: { pinned, answered: vaultId },
    })
  }
  if (pinned === null) await tools.store.setValue(pin, vaultId)
  // Only what stood still while it was opened is known to be what answered.
  if (likeness !== null && likeness === (await tools.backend.likeness(location))) {
    await tools.store.setValue(likenessName(location), `${vaultId} ${likeness}`)
  }
  return { location, vaultId, backend: tools.backend }
}

/** Below an empty mount point everything would be written to the very disk that the vault is to survive. */
async function refuseUnmounted(location: VaultLocation): Promise<void> {
  if (location.mustBeMounted !== true) return
  const [own, root] = await Promise.all([mountPointOf(location.url), mountPointOf("/")])
  if (own !== null && own !== root) return
  throw new HoldfastError("VAULT_NOT_MOUNTED", {
    what: `the disk of vault ${location.name} is not mounted`,
    why: `${location.url} is on the file system of ${root ?? "/"}`,
  })
}

/** The name of the store's value that holds a vault's pinned id. */
export function pinName(location: Pick<VaultLocation, "name">): string {
  return `vault-id:${location.name}`
}

/** What the vault looked like when it last answered: the same look needs no second answer (a call costs half a second). */
function likenessName(location: Pick<VaultLocation, "name">): string {
  return `vault-likeness:${location.name}`
}

async function hasKey(location: VaultLocation): Promise<boolean> {
  try {
    if ((await readFile(location.keyFile, "utf8")).trim() !== "") return true
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT")) {
      throw new HoldfastError("VAULT_KEY_MISSING", { what: `the key of vault ${location.name} cannot be read`, why: String(thrown) })
    }
    return false
  }
  throw new HoldfastError("VAULT_KEY_MISSING", { what: `the key file of vault ${location.name} is empty`, why: location.keyFile })
}

/** A new key is kept only where no vault is: an existing one cannot be opened with it. */
async function makeKey(tools: VaultTools, location: VaultLocation, mayCreate: boolean, ctx: RunContext): Promise<void> {
  if (await existsWithoutKey(tools, location, ctx)) {
    throw new HoldfastError("VAULT_KEY_MISSING", {
      what: `the key of vault ${location.name} is missing`,
      why: `${location.keyFile} is not there`,
    })
  }
  if (!mayCreate) throw absent(location)
  await mkdir(dirname(location.keyFile), { recursive: true, mode: 0o700 })
  await writeFileDurably(location.keyFile, newKey())
}

/** Asks with a key that cannot fit: whether a vault is there shows in what is refused. */
async function existsWithoutKey(tools: VaultTools, location: VaultLocation, ctx: RunContext): Promise<boolean> {
  const probe = `${location.keyFile}.probe-${randomBytes(4).toString("hex")}`
  await mkdir(dirname(probe), { recursive: true, mode: 0o700 })
  try {
    await writeFileDurably(probe, newKey())
    await tools.backend.open({ ...location, keyFile: probe }, ctx)
    return true
  } catch (thrown) {
    if (isHoldfastError(thrown, "VAULT_WRONG_KEY")) return true
    if (isHoldfastError(thrown, "VAULT_ABSENT")) return false
    throw thrown
  } finally {
    await rm(probe, { force: true })
  }
}

function newKey(): string {
  return `${randomBytes(KEY_BYTES).toString("base64url")}\n`
}

async function openOrInitialise(tools: VaultTools, location: VaultLocation, options: OpenOptions, ctx: RunContext): Promise<string> {
  try {
    return (await tools.backend.open(location, ctx)).vaultId
  } catch (thrown) {
    if (!options.create || !isHoldfastError(thrown, "VAULT_ABSENT")) throw thrown
    return (await tools.backend.initialise(location, ctx, options.copyParametersFrom)).vaultId
  }
}

function absent(location: VaultLocation): HoldfastError {
  return new HoldfastError("VAULT_ABSENT", { what: `there is no vault at the address of ${location.name}` })
}
