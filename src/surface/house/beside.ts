/**
 * An update of the container that Holdfast itself runs in. Whoever does it would be ended half-way, so it is ordered from a container beside,
 * of the version that runs now; the engine starts that one again when it dies, and it finishes or undoes what it began (design §10).
 */
import { z } from "zod"
import type { LocatedApp } from "../../app/locate.ts"
import type { OwnContainer } from "../../app/ports.ts"
import { isPartOf } from "../../app/updater-services.ts"
import type { Json } from "../../base/canonical-json.ts"
import { catalog, type ErrorCode } from "../../base/error-catalog.ts"
import { HoldfastError, isHoldfastError, messageOf } from "../../base/errors.ts"
import { newOperationId } from "../../base/ids.ts"
import type { Store } from "../../operation/ports.ts"
import type { House } from "./house.ts"
import type { Subject } from "./subject.ts"

const errorCode = z.custom<ErrorCode>((value) => typeof value === "string" && Object.hasOwn(catalog, value))
const orderSchema = z.object({
  app: z.string(),
  work: z.discriminatedUnion("verb", [
    z.object({
      verb: z.literal("apply"),
      wish: z.object({
        to: z.string().nullable(),
        again: z.boolean(),
        acceptDrift: z.boolean(),
        unrehearsed: z.string().nullable(),
        vault: z.string().nullable(),
      }),
      /** What was agreed to. */
      fingerprint: z.string(),
    }),
    z.object({ verb: z.literal("rollback"), operation: z.string() }),
  ]),
  command: z.string(),
  state: z.enum(["ordered", "begun", "ended"]),
  report: z.json(),
  error: z.object({ code: errorCode, what: z.string(), why: z.string().nullable() }).nullable(),
})

export type Order = z.infer<typeof orderSchema>
export type OrderedWork = Order["work"]

const LOOK_AGAIN_MS = 500

/** Why an update of Holdfast's own container has no rehearsal. */
export const NOT_REHEARSED = "this is Holdfast itself: a second one must not work on the same apps"

/** The container that we run in, when an update of this app would end it. */
export async function endedByUpdate({
  tools,
  app,
  ctx,
}: Pick<Subject, "tools" | "ctx"> & { readonly app: LocatedApp }): Promise<OwnContainer | null> {
  if (app.compose === null) return null
  const own = (await tools.containers.own?.(ctx)) ?? null
  return isPartOf(own, app.compose.projectName) ? own : null
}

/**
 * Orders the work and waits for its end, as long as we live; resolves to its report. Throws what the work threw, and UPDATE_GOES_ON when this
 * process is asked to end meanwhile: that is what the update does with it.
 */
export async function orderBeside(house: House, subject: Subject, own: OwnContainer, work: OrderedWork): Promise<Json> {
  const store = await house.use.store()
  const { containers } = subject.tools
  const id = newOperationId(house.clock.now())
  const name = `holdfast-beside-${id}`
  const order: Order = { app: subject.app.name, work, command: house.command, state: "ordered", report: null, error: null }
  await store.setValue(keyOf(id), JSON.stringify(order))
  await containers.startBeside?.(own, { name, argv: ["update", "carry-on", id] }, subject.ctx)
  house.progress.note(`Holdfast replaces itself: the update goes on in the container ${name}, also after this one was ended`)
  return await endOf(house, store, id, name)
}

async function endOf(house: House, store: Store, id: string, name: string): Promise<Json> {
  for (;;) {
    const order = await readOrder(store, id)
    if (order.state === "ended") return reportOf(order)
    try {
      await house.clock.sleep(LOOK_AGAIN_MS, house.signal)
    } catch {
      throw new HoldfastError("UPDATE_GOES_ON", { what: `the update of ${order.app} goes on in the container ${name}` })
    }
  }
}

function reportOf({ error, report }: Order): Json {
  if (error === null) return report
  const why = error.why === null ? {} : { why: error.why }
  throw new HoldfastError(error.code, { what: error.what, ...why })
}

/** Throws USAGE for an order that is none. */
export async function readOrder(store: Store, id: string): Promise<Order> {
  const value = await store.value(keyOf(id))
  if (value === null) throw new HoldfastError("USAGE", { what: `there is no order ${id}` })
  return orderSchema.parse(JSON.parse(value))
}

/**
 * Carries an order out, once: one that was begun before was interrupted, and has been settled by whoever calls this. Never throws for work that
 * failed; the one who waits is told.
 */
export async function carryOn(store: Store, id: string, work: (order: Order) => Promise<Json>): Promise<void> {
  const order = await readOrder(store, id)
  if (order.state === "ended") return
  const end = async (change: Partial<Order>): Promise<void> =>
    await store.setValue(keyOf(id), JSON.stringify({ ...order, state: "ended", ...change }))
  if (order.state === "begun") {
    const what = `the update of ${order.app} was interrupted, and settled`
    return await end({ error: { code: "UPDATE_INTERRUPTED", what, why: null } })
  }
  await store.setValue(keyOf(id), JSON.stringify({ ...order, state: "begun" }))
  try {
    await end({ report: z.json().parse(await work(order)) })
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    await end({ error: { code: thrown.code, what: messageOf(thrown), why: thrown.why ?? null } })
  }
}

function keyOf(id: string): string {
  return `beside:${id}`
}
