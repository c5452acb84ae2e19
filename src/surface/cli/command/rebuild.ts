import { mkdir, readFile } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { writeFileDurably } from "../../../base/durable-file.ts"
import { HoldfastError } from "../../../base/errors.ts"
import { Secret } from "../../../base/secret.ts"
import { formatBytes, formatDuration } from "../../../base/units.ts"
import { findWhole } from "../../../recovery-point/recovery-point.ts"
import { planRebuild, rebuildApp, type RebuildPlan } from "../../../restore/restore.ts"
import { decryptKit, markKitTaken, type KitVault } from "../../../vault/kit.ts"
import type { VaultLocation } from "../../../vault/ports.ts"
import { openVault } from "../../../vault/vault.ts"
import type { CommandRun } from "../command-spec.ts"
import { confirm } from "../confirm.ts"
import type { CliHouse } from "../cli-house.ts"
import { usage, type CommandInput } from "../input.ts"
import { renderTable } from "../render/table.ts"
import { lookingContext, verbTools } from "../../house/subject.ts"
import { shownPart } from "../../house/part-name.ts"
import { passphrase } from "./kit.ts"

/** `holdfast rebuild` */
export const run: CommandRun = async (house, input) => {
  const tools = await verbTools(house)
  const ctx = lookingContext(house)
  const { location, app } = await whereFrom(house, input)
  const vault = await openVault({ backend: tools.backend, store: tools.store }, location, { create: false }, ctx)
  const point = await findWhole(vault, tools.store, app, input.argument("point") ?? "latest", ctx)
  const plan = await planRebuild({ vault, point })
  if (input.flag("plan")) return { document: documentOf(plan), lines: linesOf(plan) }
  await confirm(house, { plan: linesOf(plan), question: `Rebuild ${app} from ${plan.point} on this host?`, given: input.flag("yes") })
  // Whoever rebuilt from the kit has it.
  if (input.text("kit") !== null) await markKitTaken(tools.store, [vault])
  const report = await rebuildApp(tools, { vault, point }, plan, { over: input.flag("over") }, house.command, house.base())
  return {
    document: { format: "holdfast.rebuild", version: 1, ...report },
    lines: [
      `rebuilt ${report.app} from ${report.point} in ${formatDuration(report.durationMs)}: ${report.parts.map(shownPart).join(", ")}`,
    ],
  }
}

interface Source {
  readonly location: VaultLocation
  readonly app: string
}

async function whereFrom(house: CliHouse, input: CommandInput): Promise<Source> {
  const kitFile = input.text("kit")
  if (kitFile !== null) return await fromKit(house, input, resolve(house.cwd, kitFile))
  const [url, key, app] = [input.text("vault"), input.text("key"), input.text("app")]
  if (url === null || key === null || app === null) throw usage("rebuild needs --kit FILE, or --vault ADDRESS, --key FILE and --app NAME")
  const name = input.text("vault-name") ?? "local"
  const content = await readFile(resolve(house.cwd, key), "utf8").catch((cause: unknown) => {
    throw new HoldfastError("VAULT_KEY_MISSING", { what: `the key file ${key} cannot be read`, cause })
  })
  const keyFile = await keepKey(house, name, content.trim())
  const location = locationOf(
    house,
    { name, url: addressOf(house, url), options: [...input.list("option")], environment: {}, appendOnly: false },
    keyFile,
  )
  return { location, app }
}

async function fromKit(house: CliHouse, input: CommandInput, file: string): Promise<Source> {
  const kit = await decryptKit(await readFile(file, "utf8"), await passphrase(house, input))
  const name = input.text("vault-name") ?? kit.vaults[0]?.name
  const vault = kit.vaults.find((candidate) => candidate.name === name)
  if (vault === undefined)
    throw new HoldfastError("VAULT_UNKNOWN", {
      what: `the kit has no vault ${name ?? ""}`,
      why: kit.vaults.map((one) => one.name).join(", "),
    })
  const app = input.text("app") ?? (kit.apps.length === 1 ? kit.apps[0] : undefined)
  if (app === undefined) throw usage(`which app? The kit has ${kit.apps.join(", ")}: name one with --app`)
  // Every key is put where the restored settings look for it, so that backups go on afterwards.
  for (const one of kit.vaults) await keepKey(house, one.name, one.key)
  return { location: locationOf(house, vault, keyFileOf(house, vault.name)), app }
}

function addressOf(house: CliHouse, url: string): string {
  return /^[a-z0-9]+:/.test(url) ? url : resolve(house.cwd, url)
}

function keyFileOf(house: CliHouse, vault: string): string {
  return join(house.stateDirectory, "keys", `${vault}.key`)
}

/** A key that lies there already must be the same; it is never replaced. */
async function keepKey(house: CliHouse, vault: string, key: string): Promise<string> {
  const path = keyFileOf(house, vault)
  const present = await readFile(path, "utf8").catch(() => null)
  if (present !== null && present.trim() !== key) {
    throw new HoldfastError("VAULT_WRONG_KEY", {
      what: `${path} holds another key`,
      hint: "Move it aside, or give the vault another name with --vault-name.",
    })
  }
  if (present === null) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFileDurably(path, `${key}\n`)
  }
  return path
}

function locationOf(
  house: CliHouse,
  vault: Pick<KitVault, "name" | "url" | "options" | "environment" | "appendOnly">,
  keyFile: string,
): VaultLocation {
  return {
    name: vault.name,
    url: vault.url,
    keyFile,
    environment: Object.fromEntries(Object.entries(vault.environment).map(([name, value]) => [name, new Secret(value)])),
    options: vault.options,
    cacheDirectory: join(house.stateDirectory, "cache", vault.name),
    uploadKibPerSecond: null,
    downloadKibPerSecond: null,
    appendOnly: vault.appendOnly,
  }
}

function documentOf(plan: RebuildPlan) {
  return {
    format: "holdfast.rebuild-plan",
    version: 1,
    app: plan.app.name,
    point: plan.point,
    places: plan.places.map((place) => ({ ...place })),
    occupied: plan.occupied,
  }
}

function linesOf(plan: RebuildPlan): readonly string[] {
  const rows = plan.places.map((place) => [shownPart(place.part), place.target, place.sizeBytes === 0 ? "" : formatBytes(place.sizeBytes)])
  return [
    `rebuild ${plan.app.name} from ${plan.point}`,
    "",
    ...renderTable([{ title: "PART" }, { title: "WHERE" }, { title: "SIZE", right: true }], rows),
    ...plan.occupied.map((target) => `warning: ${target} is not empty (--over goes over it)`),
  ]
}
