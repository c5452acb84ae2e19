import { databaseServices } from "../../app/database-services.ts"
import { graceSecondsOf } from "../../app/standstill.ts"
import { isHoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Stage } from "./rehearsal-play.ts"

/**
 * Stops in the sandbox what an update stops: how long that takes with this data, before anybody had to do it live. In milliseconds; null where
 * it could not be done.
 */
export async function timeStop({ tools, app, laidOut }: Stage, ctx: RunContext): Promise<number | null> {
  const { sandbox } = laidOut
  const databases = databaseServices(app)
  try {
    const services = (await sandbox.services(ctx)).map(({ service }) => service).filter((service) => !databases.includes(service))
    const startedMs = ctx.clock.monotonicMs()
    await tools.containers.stopServices(sandbox.projectName, services, graceSecondsOf(app), ctx)
    return Math.round(ctx.clock.monotonicMs() - startedMs)
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    if (!isHoldfastError(thrown)) throw thrown
    ctx.progress.warn(`how long stopping takes could not be measured: ${thrown.message}`)
    return null
  }
}
