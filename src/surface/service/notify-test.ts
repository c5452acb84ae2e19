import { testMessage } from "../../posture/messages.ts"
import { allReceivers, receiversOfApp } from "../../posture/receivers.ts"
import { afterPaid, NOTHING_TOLD } from "../../posture/telling.ts"
import type { Settings } from "../../settings/settings.ts"
import type { House } from "../house/house.ts"
import { readTelling, writeTelling } from "./alarm-memory.ts"
import { tryToSend, whileAloneTelling } from "./deliver.ts"

export interface TestResult {
  readonly receiver: string
  readonly kind: string
  readonly name: string
  readonly sent: boolean
  /** Why it was not. */
  readonly why: string | null
}

const PATIENCE_MS = 30_000

/**
 * Sends a test message to everybody who is told of an app, or to everybody there is. A receiver that takes it is no longer failing.
 * A dead-man switch takes it as a success.
 */
export async function sendTestMessages(house: House, settings: Settings, app: string | null): Promise<readonly TestResult[]> {
  const receivers = app === null ? allReceivers(settings) : receiversOfApp(settings, app)
  const message = testMessage({ host: house.hostName, now: house.clock.now() })
  const results = await Promise.all(
    receivers.map(async (ref) => {
      const why = await tryToSend(house, settings, ref, message)
      return { receiver: ref.id, kind: ref.kind, name: ref.name, sent: why === null, why }
    }),
  )
  const arrived = results.filter(({ sent }) => sent).map(({ receiver }) => receiver)
  if (arrived.length > 0) await whileAloneTelling(house, PATIENCE_MS, async () => await forgetFailures(house, arrived))
  return results
}

async function forgetFailures(house: House, receivers: readonly string[]): Promise<void> {
  const store = await house.use.store()
  for (const id of receivers) {
    const telling = await readTelling(store, id)
    if (telling === NOTHING_TOLD || telling.failures === 0) continue
    await writeTelling(store, id, { ...afterPaid(telling), owed: telling.owed })
  }
}
