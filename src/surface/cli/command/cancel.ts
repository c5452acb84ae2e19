import { HoldfastError } from "../../../base/errors.ts"
import type { CancelOutput } from "../../../contract/output.ts"
import type { CommandRun } from "../command-spec.ts"

const LOOK_EVERY_MS = 200

/** `holdfast cancel` */
export const run: CommandRun = async (house, input) => {
  const { store, host } = await house.operationTools()
  const id = input.required("operation")
  const before = await store.operation(id)
  if (before === null) throw new HoldfastError("OPERATION_UNKNOWN", { what: `there is no operation ${id}` })
  const document = (requested: boolean): CancelOutput => ({ format: "holdfast.cancel", version: 1, operationId: id, requested })
  if (before.finishedAt !== null) return { document: document(false), lines: [`${id} has already ended: ${before.outcome ?? "unknown"}`] }
  if (!host.isAlive(before.holder)) {
    return { document: document(false), lines: [`${id} was interrupted; the next command that touches ${before.app} settles it`] }
  }
  await store.requestCancel(id)
  if (input.flag("no-wait")) return { document: document(true), lines: [`${id} was asked to stop`] }
  house.progress.step(`waiting until ${id} has stopped cleanly`)
  for (;;) {
    const now = await store.operation(id)
    if (now === null || now.finishedAt !== null)
      return { document: document(true), lines: [`${id} has ended: ${now?.outcome ?? "unknown"}`] }
    if (!host.isAlive(now.holder))
      return { document: document(true), lines: [`${id} died while it was stopping; the next command settles it`] }
    await house.clock.sleep(LOOK_EVERY_MS, house.signal)
  }
}
