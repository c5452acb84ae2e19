import { HoldfastError, isHoldfastError, messageOf } from "../base/errors.ts"

/**
 * What a run owes whatever happened: the app started again, a swap taken back. When that fails the run has not ended: it stays open,
 * and the next command tries again. Throws OPERATION_UNSETTLED with the cause, LEASE_LOST as it is.
 * @param what for people: `starting chat again`
 */
export async function owed<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    if (isHoldfastError(cause, "LEASE_LOST") || isHoldfastError(cause, "OPERATION_UNSETTLED")) throw cause
    const why = cause instanceof HoldfastError && cause.why !== undefined ? `${cause.message}: ${cause.why}` : messageOf(cause)
    throw new HoldfastError("OPERATION_UNSETTLED", {
      what: `${what} failed`,
      why,
      hint: "Remove the cause, then run any holdfast command that names the app, such as `holdfast status`: it is tried again.",
      cause,
    })
  }
}
