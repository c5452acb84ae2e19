import type { App } from "../../app/app.ts"
import type { UpdateEntry } from "../../contract/output-update.ts"
import type { HostIdentity } from "../../operation/operation.ts"
import type { Store } from "../../operation/ports.ts"
import type { UpdateFacts } from "../../posture/alarm-facts.ts"
import { knownUpdates } from "../house/found-updates.ts"
import { missedWindow } from "../house/missed-window.ts"
import { updateHistory } from "../house/update-history.ts"

const HISTORY_READ = 20

/** What alarms about updates are decided from; nothing where the settings do not say where they come from. */
export async function gatherUpdates(store: Store, host: HostIdentity, app: App): Promise<{ readonly updates?: UpdateFacts }> {
  if (app.updates === undefined) return {}
  const { running, releases } = await knownUpdates(store, host, app.name)
  const missed = await missedWindow(store, app.name)
  const newest = releases.at(-1)
  return {
    updates: {
      available: newest === undefined ? null : { version: newest.version, running, releases: releases.map(({ version }) => version) },
      failed: failedOf(await updateHistory(store, host, app.name, HISTORY_READ)),
      missed: missed === null || !app.updates.automatic ? null : { ...missed, at: new Date(missed.at) },
    },
  }
}

/** The newest that ended says how it stands; what was cancelled says nothing. */
function failedOf(history: readonly UpdateEntry[]): UpdateFacts["failed"] {
  const last = history.find(
    ({ outcome }) => outcome === "applied" || outcome === "passed" || outcome === "rolled back" || outcome === "failed",
  )
  if (last === undefined || last.kind === "rollback" || last.outcome === "applied" || last.outcome === "passed") return null
  const how = last.outcome === "rolled back" ? "rolled back" : last.kind === "rehearse" ? "rehearsal" : "failed"
  return { operationId: last.operationId, version: last.to, how, why: last.why, at: new Date(last.finishedAt ?? last.startedAt) }
}
