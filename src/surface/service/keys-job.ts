import { declaredApp, lookingContext } from "../house/subject.ts"
import { attempt, type JobEnd, type JobRun } from "./job.ts"

/** Opens every vault with its key, as if it were the first time. A vault that was never written to is left alone. */
export async function keysJob(run: JobRun): Promise<JobEnd> {
  const { house } = run
  const { settings } = await declaredApp(house, run.due.app)
  const store = await house.use.store()
  const problems: string[] = []
  for (const vault of Object.keys(settings.vaults)) {
    if ((await store.value(`vault-id:${vault}`)) === null) continue
    problems.push(...(await attempt(run, vault, async () => await checkKey(run, vault))))
  }
  return problems.length === 0 ? { outcome: "succeeded", reason: null } : { outcome: "failed", reason: problems.join("; ") }
}

async function checkKey({ house }: JobRun, vault: string): Promise<void> {
  const [{ keyCheck }, { vaultLocation }, settings, backend, store] = await Promise.all([
    import("../../vault/key-check.ts"),
    import("../../settings/vault-location.ts"),
    house.settings(),
    house.use.backend(),
    house.use.store(),
  ])
  await keyCheck({ backend, store }, vaultLocation(settings, vault, { stateDirectory: house.stateDirectory }), lookingContext(house))
}
