import { resolve } from "node:path"
import { readFile } from "node:fs/promises"
import { writeFileDurably } from "../../../base/durable-file.ts"
import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import { Secret } from "../../../base/secret.ts"
import { collectKit, encryptKit, markKitTaken, type Kit } from "../../../vault/kit.ts"
import { renderKitHtml } from "../../../vault/kit-html.ts"
import type { OpenVault } from "../../../vault/vault.ts"
import { EXIT, type CommandResult, type CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"
import { usage, type CommandInput } from "../input.ts"
import { openNamedVault } from "../../house/subject.ts"

/** `holdfast kit` */
export const run: CommandRun = async (house, input) => {
  const html = input.text("html")
  const encrypted = input.text("encrypted")
  if (html === null && encrypted === null) throw usage("say where the kit goes: --html FILE to print it, --encrypted FILE to keep it")
  const { vaults, missing } = await openVaults(house)
  const kit = await gather(house, vaults)
  const files: string[] = []
  if (html !== null) files.push(await write(house, html, renderKitHtml(kit)))
  if (encrypted !== null) files.push(await write(house, encrypted, await encryptKit(kit, await passphrase(house, input))))
  const store = await house.use.store()
  await markKitTaken(store, vaults)
  return resultOf(kit, files, missing)
}

interface Opened {
  readonly vaults: readonly OpenVault[]
  /** Vaults that could not be asked: a kit without them is partial. */
  readonly missing: readonly string[]
}

/** A vault that was never written to has no key yet, so it has no place in the kit. */
async function openVaults(house: CliHouse): Promise<Opened> {
  const settings = await house.settings()
  const vaults: OpenVault[] = []
  const missing: string[] = []
  for (const name of Object.keys(settings.vaults)) {
    try {
      vaults.push(await openNamedVault(house, settings, name, { create: false }))
    } catch (thrown) {
      if (isHoldfastError(thrown, "VAULT_UNREACHABLE")) missing.push(name)
      else if (!isHoldfastError(thrown, "VAULT_ABSENT")) throw thrown
      const why = missing.includes(name) ? "could not be reached" : "was never written to"
      house.progress.warn(`vault ${name} ${why} and is not in the kit`)
    }
  }
  if (vaults.length > 0) return { vaults, missing }
  throw new HoldfastError("VAULT_ABSENT", { what: "there is no vault yet, so there is nothing to keep" })
}

async function gather(house: CliHouse, vaults: readonly OpenVault[]): Promise<Kit> {
  const settings = await house.settings()
  return await collectKit({
    vaults,
    apps: Object.keys(settings.apps),
    host: house.hostName,
    holdfastVersion: house.version,
    createdAt: house.clock.now(),
    files: [],
    settings: settings.file === null ? null : await readFile(settings.file, "utf8"),
  })
}

async function write(house: CliHouse, file: string, content: string): Promise<string> {
  const path = resolve(house.cwd, file)
  await writeFileDurably(path, content)
  return path
}

/** From a file, or typed twice; never from argv. */
export async function passphrase(house: CliHouse, input: CommandInput): Promise<Secret> {
  const file = input.text("passphrase-file")
  if (file !== null) return new Secret((await readFile(resolve(house.cwd, file), "utf8")).replace(/\r?\n$/, ""))
  throw usage("--passphrase-file FILE is missing: the kit is encrypted with what it holds")
}

function resultOf(kit: Kit, files: readonly string[], missing: readonly string[]): CommandResult {
  return {
    exitCode: missing.length === 0 ? EXIT.done : EXIT.partial,
    document: { format: "holdfast.kit", version: 1, files, vaults: kit.vaults.map((vault) => vault.name), apps: kit.apps },
    lines: [
      ...files.map((file) => `wrote ${file}`),
      "",
      "Keep it somewhere else than on this machine: whoever has it can read every point, and without it nobody can.",
    ],
  }
}
