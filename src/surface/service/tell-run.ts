import { runMessage, type EndedRun } from "../../posture/messages.ts"
import { changeAudience, pingsOfRun, successAudience, type ReceiverRef } from "../../posture/receivers.ts"
import { owing } from "../../posture/telling.ts"
import type { Settings } from "../../settings/settings.ts"
import type { House } from "../house/house.ts"
import { readTelling, writeTelling } from "./alarm-memory.ts"
import { payOwed, whileAloneTelling } from "./deliver.ts"

const PATIENCE_MS = 60_000

/**
 * Tells of one scheduled run: dead-man switches hear of begin and end; of a success also those who asked for it. People hear of a failure
 * by its alarm. What does not arrive is owed and sent by the next turn of the watch. Partial counts as `fail`.
 */
export async function tellRun(house: House, settings: Settings, event: "start" | "success" | "fail", run: EndedRun): Promise<void> {
  const people = event !== "success" ? [] : run.changed === true ? changeAudience(settings, run) : successAudience(settings, run)
  const receivers = [...pingsOfRun(settings, run), ...people]
  if (receivers.length === 0) return
  const message = runMessage(event, run, { host: house.hostName, now: house.clock.now() })
  const tell = async (ref: ReceiverRef): Promise<void> => {
    const store = await house.use.store()
    const owed = owing(await readTelling(store, ref.id), message, ref.kind === "ping")
    await writeTelling(store, ref.id, owed)
    const paid = await payOwed(house, settings, ref, owed)
    if (paid !== owed) await writeTelling(store, ref.id, paid)
    if (paid.error !== null) house.log.warn("a message was not sent", { receiver: ref.name, why: paid.error })
  }
  const told = await whileAloneTelling(house, PATIENCE_MS, async () => {
    await Promise.all(receivers.map(tell))
  })
  if (!told) house.log.warn("another process was telling for too long; a run was not told of", { app: run.app, schedule: run.schedule })
}
