import { isHoldfastError } from "../../base/errors.ts"
import type { Store } from "../../operation/ports.ts"
import type { AlarmFacts, AppFacts, ReceiverFacts, ScheduleFacts, VaultFacts } from "../../posture/alarm-facts.ts"
import { allReceivers } from "../../posture/receivers.ts"
import type { Settings } from "../../settings/settings.ts"
import { vaultLocation } from "../../settings/vault-location.ts"
import { kitReminder } from "../../vault/kit.ts"
import { pinName } from "../../vault/vault.ts"
import type { House } from "../house/house.ts"
import { readSeen, readTelling, readVaultCheck, writeSeen } from "./alarm-memory.ts"
import { diskFacts } from "./disks.ts"
import type { PresentSettings } from "./last-good-settings.ts"
import { gatherApps, type GatheredApps } from "./gather-app-facts.ts"
import { gatherSchedules } from "./gather-schedule-facts.ts"

export interface GatheredFacts extends AlarmFacts {
  /** Apps that cannot be resolved now (their compose file is gone): what is known of them stays as it was. */
  readonly unjudged: ReadonlySet<string>
}

/** What is looked at outside of the store; a test of a simulated year gives other disks than those of its machine. */
export interface Surroundings {
  readonly disks: typeof diskFacts
}

const HERE: Surroundings = { disks: diskFacts }

/** Everything that alarms are decided from: the store, the settings, the disks. Vaults are not asked here; see `checkVaults`. */
export async function gatherAlarmFacts(
  house: House,
  { settings, problem }: PresentSettings,
  surroundings: Surroundings = HERE,
): Promise<GatheredFacts> {
  const store = await house.use.store()
  const open = new Set((await store.alarms({ open: true })).map(({ key }) => key))
  if (settings === null) return { ...NOTHING_KNOWN, settingsProblem: problem, open }
  const now = house.clock.now()
  const seenBefore = await readSeen(store)
  const { apps, seen, problems } = await gatherApps(house, settings, seenBefore, now)
  if (JSON.stringify(seen) !== JSON.stringify(seenBefore)) await writeSeen(store, seen)
  return {
    schedules: await gatherSchedules(store, settings, apps, now),
    apps,
    vaults: await Promise.all(Object.keys(settings.vaults).map(async (name) => await vaultFacts(house, store, settings, name))),
    disks: await surroundings.disks(
      house.stateDirectory,
      settings,
      apps.map(({ app }) => app),
    ),
    receivers: await receiverFacts(store, settings),
    settingsProblem: problem ?? problemText(problems),
    open,
    unjudged: new Set(problems.keys()),
  }
}

const NOTHING_KNOWN: Omit<GatheredFacts, "open" | "settingsProblem"> & {
  readonly schedules: readonly ScheduleFacts[]
  readonly apps: readonly AppFacts[]
} = { schedules: [], apps: [], vaults: [], disks: [], receivers: [], unjudged: new Set() }

function problemText(problems: GatheredApps["problems"]): string | null {
  return problems.size === 0 ? null : [...problems].map(([app, problem]) => `app ${app}: ${problem}`).join("; ")
}

async function vaultFacts(house: House, store: Store, settings: Settings, name: string): Promise<VaultFacts> {
  const vaultId = await store.value(pinName({ name }))
  const removable = settings.vaults[name]?.mustBeMounted ?? false
  if (vaultId === null) return { name, used: false, removable, check: null, kitTaken: false }
  return {
    name,
    used: true,
    removable,
    check: await readVaultCheck(store, name),
    kitTaken: await isKitTaken(house, settings, name, vaultId),
  }
}

/** A key that cannot be read is told by the check of the vault. */
async function isKitTaken(house: House, settings: Settings, name: string, vaultId: string): Promise<boolean> {
  try {
    const location = vaultLocation(settings, name, { stateDirectory: house.stateDirectory })
    return (await kitReminder(await house.use.store(), { location, vaultId, backend: await house.use.backend() })) === null
  } catch (thrown) {
    if (isHoldfastError(thrown)) return true
    throw thrown
  }
}

async function receiverFacts(store: Store, settings: Settings): Promise<readonly ReceiverFacts[]> {
  return await Promise.all(
    allReceivers(settings).map(async ({ id, name }) => {
      const { failures, failingSince, error } = await readTelling(store, id)
      return { id, name, failures, failingSince, error }
    }),
  )
}
