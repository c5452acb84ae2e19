import { isHoldfastError, messageOf } from "../../base/errors.ts"
import { newOperationId } from "../../base/ids.ts"
import type { Store } from "../../operation/ports.ts"
import type { Message } from "../../posture/ports.ts"
import type { ReceiverRef } from "../../posture/receivers.ts"
import { afterFailed, afterPaid, isPausing, type Telling } from "../../posture/telling.ts"
import type { Settings } from "../../settings/settings.ts"
import type { House } from "../house/house.ts"
import { lookingContext } from "../house/subject.ts"
import { openReceiver } from "./open-receiver.ts"

/** What a run of the verb that tells is called in the table of leases; no app can have this name. */
const LEASE = "holdfast:notices"
const LOOK_AGAIN_MS = 200

/** Sends one message to one receiver. Null when it was taken, else why not: a failure to tell is a fact, not an error. */
export async function tryToSend(house: House, settings: Settings, ref: ReceiverRef, message: Message): Promise<string | null> {
  try {
    await (await house.use.notifier()).send(openReceiver(settings, ref), message, lookingContext(house))
    return null
  } catch (thrown) {
    house.signal.throwIfAborted()
    if (!isHoldfastError(thrown)) throw thrown
    return `${messageOf(thrown)}${thrown.why === undefined ? "" : ` (${thrown.why})`}`
  }
}

/** Sends what a receiver is owed, oldest first, until one fails. */
export async function payOwed(house: House, settings: Settings, ref: ReceiverRef, before: Telling): Promise<Telling> {
  let telling = before
  for (let [message] = telling.owed; message !== undefined && !isPausing(telling, house.clock.now()); [message] = telling.owed) {
    const why = await tryToSend(house, settings, ref, message)
    telling = why === null ? afterPaid(telling) : afterFailed(telling, why, house.clock.now())
  }
  return telling
}

/**
 * Only one process tells at a time (a service and a timer may both run), so that nobody is told twice.
 * @param patienceMs how long to wait for another; after that `tell` is not called
 * @returns false when it was not called
 */
export async function whileAloneTelling(house: House, patienceMs: number, tell: (store: Store) => Promise<void>): Promise<boolean> {
  const { store, host } = await house.operationTools()
  const id = newOperationId(house.clock.now())
  const startedMs = house.clock.monotonicMs()
  while (!(await store.acquireLease(LEASE, id, host.self(house.command))).acquired) {
    if (house.clock.monotonicMs() - startedMs >= patienceMs) return false
    await house.clock.sleep(LOOK_AGAIN_MS, house.signal)
  }
  try {
    await tell(store)
    return true
  } finally {
    await store.releaseLease(LEASE, id)
  }
}
