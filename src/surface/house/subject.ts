import type { App } from "../../app/app.ts"
import type { LocatedApp } from "../../app/locate.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { SealedPoint } from "../../recovery-point/recovery-point.ts"
import type { Settings } from "../../settings/settings.ts"
import type { UpdateTools } from "../../update/ports.ts"
import type { VaultLocation } from "../../vault/ports.ts"
import type { OpenVault } from "../../vault/vault.ts"
import type { House } from "./house.ts"
import { SELF, selfApp } from "./self-app.ts"

/** What is meant, in the words of whoever asks; null means the usual one. */
export interface Selection {
  readonly app: string | null
  readonly vault: string | null
  readonly point: string | null
}

/** What most commands are about: one app, and the vault that its points are in. */
export interface Subject {
  readonly settings: Settings
  /** As the settings declare it. */
  readonly declared: App
  /** With every place as a path of this host. */
  readonly app: LocatedApp
  readonly vault: OpenVault
  readonly tools: UpdateTools
  readonly ctx: RunContext
}

/** Tools for the verbs that capture, restore and update. */
export async function verbTools(house: House): Promise<UpdateTools> {
  const { use } = house
  const [store, host, backend, databases, containers, commands, prober, sources, scratchDirectory] = await Promise.all([
    use.store(),
    use.host(),
    use.backend(),
    use.databases(),
    use.containers(),
    use.commands(),
    use.prober(),
    use.sources(),
    use.scratchDirectory(),
  ])
  return { store, host, backend, databases, containers, commands, prober, sources, scratchDirectory, holdfastVersion: house.version }
}

/** A context for looking at things outside of an operation. */
export function lookingContext(house: House): RunContext {
  return { ...house.base(), operationId: "look" }
}

/** The app that is meant: the one named (`holdfast` is Holdfast itself), or the only one there is. Throws APP_UNKNOWN, USAGE. */
export async function declaredApp(house: House, name: string | null): Promise<{ settings: Settings; declared: App }> {
  const [settings, recipes, { resolveApp }] = await Promise.all([house.settings(), house.recipes(), import("../../settings/resolve.ts")])
  if (name === SELF) return { settings, declared: selfApp(settings, house.stateDirectory) }
  return { settings, declared: resolveApp(settings, name ?? onlyApp(settings), { environment: house.environment, recipes }) }
}

function onlyApp(settings: Settings): string {
  const names = Object.keys(settings.apps)
  const [only] = names
  if (only !== undefined && names.length === 1) return only
  throw new HoldfastError("USAGE", {
    what: "which app is meant?",
    why: names.length === 0 ? "no app is set up" : `there is ${names.join(", ")}`,
  })
}

/** Opens a vault of the settings. `create` makes it where neither it nor its key was ever seen. */
export async function openNamedVault(
  house: House,
  settings: Settings,
  name: string,
  options: { create: boolean; forExpiry?: boolean; copyParametersFrom?: VaultLocation },
): Promise<OpenVault> {
  const [{ vaultLocation }, { openVault }, backend, store] = await Promise.all([
    import("../../settings/vault-location.ts"),
    import("../../vault/vault.ts"),
    house.use.backend(),
    house.use.store(),
  ])
  const location = vaultLocation(settings, name, { stateDirectory: house.stateDirectory, forExpiry: options.forExpiry ?? false })
  const { create, copyParametersFrom } = options
  const how = { create, ...(copyParametersFrom === undefined ? {} : { copyParametersFrom }) }
  return await openVault({ backend, store }, location, how, lookingContext(house))
}

/** The app's first vault unless another is named. */
export function vaultNameOf(declared: App, selection: Pick<Selection, "vault">): string {
  const name = selection.vault ?? declared.vaults[0]
  if (name !== undefined) return name
  throw new HoldfastError("VAULT_UNKNOWN", { what: `${declared.name} has no vault` })
}

/** Everything a command about one app needs. */
export async function openSubject(house: House, selection: Selection, options: { create: boolean; forExpiry?: boolean }): Promise<Subject> {
  const { settings, declared } = await declaredApp(house, selection.app)
  const [tools, vault, { locateApp }] = await Promise.all([
    verbTools(house),
    openNamedVault(house, settings, vaultNameOf(declared, selection), options),
    import("../../app/locate.ts"),
  ])
  const ctx = lookingContext(house)
  const app = await locateApp(declared, tools.containers, ctx)
  return { settings, declared, app, vault, tools, ctx }
}

/**
 * The point that is meant: `latest` unless one is named.
 * @param holding `whole`: the latest is that of the whole app, for a drill
 */
export async function pointOf(
  subject: Pick<Subject, "vault" | "tools" | "declared" | "ctx">,
  selection: Pick<Selection, "point">,
  holding: "data" | "whole" = "data",
): Promise<SealedPoint> {
  const { findPoint, findWhole } = await import("../../recovery-point/recovery-point.ts")
  const { vault, tools, declared, ctx } = subject
  const find = holding === "whole" ? findWhole : findPoint
  return await find(vault, tools.store, declared.name, selection.point ?? "latest", ctx)
}
