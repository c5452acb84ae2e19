import type { App } from "../../app/app.ts"
import { lookingContext, openNamedVault } from "../house/subject.ts"
import { operate, type JobRun } from "./job.ts"

/**
 * Lets points go that no rule keeps, in one vault. Nothing happens where nothing says how long points are kept, where nothing has to go,
 * and in an append-only vault without credentials that may delete.
 */
export async function expireByPolicy(run: JobRun, declared: App, vaultName: string): Promise<void> {
  const settings = await run.house.settings()
  const [{ applyExpire, isIdle, planExpire, policyFor }, { vaultKeep }] = await Promise.all([
    import("../../expire/expire.ts"),
    import("../../settings/vault-location.ts"),
  ])
  const policy = policyFor(declared, vaultName, vaultKeep(settings, vaultName))
  const given = settings.vaults[vaultName]
  if (policy === null || (given?.appendOnly === true && given.expireCredentials === undefined)) return
  await operate(run, async (own) => {
    const vault = await openNamedVault(own, settings, vaultName, { create: false, forExpiry: true })
    const tools = await own.operationTools()
    const plan = await planExpire(tools, declared, vault, { ...policy, acceptSmaller: false }, lookingContext(own))
    return isIdle(plan) ? null : await applyExpire(tools, vault, plan, own.command, own.base())
  })
}
