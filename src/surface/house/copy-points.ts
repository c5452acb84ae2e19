import type { CopyPlan, CopyReport, CopyRequest } from "../../copy/copy.ts"
import type { App } from "../../app/app.ts"
import { HoldfastError, isHoldfastError } from "../../base/errors.ts"
import type { Settings } from "../../settings/settings.ts"
import { pinName, type OpenVault } from "../../vault/vault.ts"
import type { House } from "./house.ts"
import { vaultNames } from "./names.ts"
import { declaredApp, lookingContext, openNamedVault } from "./subject.ts"

/** What is to be copied, in the words of whoever asks; null means the usual one. */
export interface CopySelection {
  readonly app: string | null
  /** The app's first vault unless told. */
  readonly from: string | null
  /** The only vault that the app's schedules copy to unless told. */
  readonly to: string | null
  /** Ids, beginnings, labels or `latest`; empty for every point that is missing. */
  readonly points: readonly string[]
}

export interface CopySubject {
  readonly app: string
  readonly plan: CopyPlan
  /** The target; it is made now where it was never seen. */
  openTarget(): Promise<OpenVault>
  /** Copies under the app's lease; the points are chosen again there. Outcome `partial` is not thrown. */
  apply(): Promise<CopyReport>
}

/** Opens both vaults and plans; makes and changes nothing. Throws what opening and `planCopy` throw. */
export async function openCopy(house: House, selection: CopySelection): Promise<CopySubject> {
  const { settings, declared } = await declaredApp(house, selection.app)
  const from = named(settings, selection.from ?? declared.vaults[0] ?? "")
  const target = named(settings, selection.to ?? onlyCopy(declared, from))
  if (from === target) throw new HoldfastError("USAGE", { what: `${from} cannot be copied to itself` })
  const [{ planCopy, applyCopy }, store] = await Promise.all([import("../../copy/copy.ts"), house.use.store()])
  const source = await openNamedVault(house, settings, from, { create: false })
  const request: CopyRequest = {
    app: declared.name,
    from: source,
    target,
    to: await targetIfThere(house, settings, target),
    points: selection.points,
  }
  const plan = await planCopy(store, request, lookingContext(house))
  const openTarget = async (): Promise<OpenVault> =>
    request.to ?? (await openNamedVault(house, settings, target, { create: true, copyParametersFrom: source.location }))
  return {
    app: declared.name,
    plan,
    openTarget,
    apply: async () => {
      const to = await openTarget()
      return await applyCopy(await house.operationTools(), { ...request, to }, plan, house.command, house.base())
    },
  }
}

/** A vault that was never seen is made when something is copied into it. */
async function targetIfThere(house: House, settings: Settings, name: string): Promise<OpenVault | null> {
  try {
    return await openNamedVault(house, settings, name, { create: false })
  } catch (thrown) {
    const seen = (await (await house.use.store()).value(pinName({ name }))) !== null
    if (seen || !isHoldfastError(thrown, "VAULT_ABSENT")) throw thrown
    return null
  }
}

function named(settings: Settings, name: string): string {
  return vaultNames(settings, name)[0] ?? name
}

function onlyCopy(declared: App, from: string): string {
  const targets = new Set(Object.values(declared.schedules).flatMap((schedule) => schedule.copies))
  targets.delete(from)
  const [only] = targets
  if (only !== undefined && targets.size === 1) return only
  throw new HoldfastError("USAGE", {
    what: "copy to which vault?",
    why: targets.size === 0 ? `no schedule of ${declared.name} names one under \`copies\`` : `schedules name ${[...targets].join(", ")}`,
    hint: "Name it with --to.",
  })
}
