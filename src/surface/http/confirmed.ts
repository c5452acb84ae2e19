import { HoldfastError } from "../../base/errors.ts"

/** What cannot be taken back is confirmed by the app's name, typed in full. Throws CONFIRMATION_REFUSED. */
export function refuseUnconfirmed(given: string, app: string): void {
  if (given === app) return
  throw new HoldfastError("CONFIRMATION_REFUSED", {
    what: "not confirmed",
    why: `"${given.slice(0, 100)}" was given, not ${app}`,
    hint: "Type the app's name.",
  })
}
