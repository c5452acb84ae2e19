import { letOwedGo } from "../../app/pulled-names.ts"
import { isHoldfastError, messageOf } from "../../base/errors.ts"
import type { Accepted } from "../../contract/api/shapes.ts"
import { settleInterrupted } from "../../operation/settle.ts"
import type { House } from "../house/house.ts"
import { settlersOf } from "../house/settlers.ts"
import { lookingContext } from "../house/subject.ts"
import type { StartedRun } from "../service/runner.ts"
import type { Ground } from "./ground.ts"
import type { Who } from "./guard/who.ts"

/** A run may have to wait until others have ended; whoever asked is not kept waiting with it. */
const PATIENCE_MS = 5000
/** One that has begun only gets ready, on a busy machine for longer; nobody in between has given up by then. */
const READY_MS = 45_000

/**
 * Begins a verb in the background, after what was interrupted is settled. Throws what it throws before it is recorded.
 * @param words what a person would have typed: `backup chat`
 */
export async function startRun(
  ground: Ground,
  who: Who,
  app: string,
  words: string,
  verb: (house: House) => Promise<unknown>,
): Promise<Accepted> {
  const { runner, house } = ground
  const command = `holdfast ${words} (panel, ${who.name})`
  const started = runner.start({ app, command }, async (own) => {
    await settleInterrupted(await own.operationTools(), settlersOf(own), app, own.base())
    await letOwedGo(await own.use.store(), own.use.containers, lookingContext(own))
    return await verb(own)
  })
  const first = await Promise.race([started, patience(ground, app, command)])
  if (first !== undefined) return { operationId: operationOf(first) }
  started.catch((thrown: unknown) => {
    house.log.warn("a run that had to wait did not begin", {
      app,
      words,
      why: messageOf(thrown),
      code: isHoldfastError(thrown) ? thrown.code : "BUG",
    })
  })
  return { operationId: null }
}

async function patience({ runner, house }: Ground, app: string, command: string): Promise<undefined> {
  await house.clock.sleep(PATIENCE_MS, house.signal)
  const hasToWait = runner.waiting().some((one) => one.app === app && one.command === command)
  if (!hasToWait) await house.clock.sleep(READY_MS - PATIENCE_MS, house.signal)
}

function operationOf({ operationId }: StartedRun): string | null {
  return operationId
}
