import type { JobReport } from "./scheduler.ts"
import type { Service } from "./service.ts"

/** Does what is due, once, and waits for all of it; then one turn of the watch. For a timer, where no service runs. */
export async function runDueOnce(service: Service): Promise<readonly JobReport[]> {
  const { house, runner, scheduler } = service
  await service.settle()
  try {
    // What an app's first run made wait is due still.
    while (!house.signal.aborted && (await scheduler.pass()) > 0) await scheduler.idle()
  } finally {
    if (house.signal.aborted) await runner.close()
    await scheduler.idle()
  }
  house.signal.throwIfAborted()
  await service.watch()
  await service.told()
  return service.reports()
}
