import { HoldfastError } from "../../base/errors.ts"

/** Why the image of a service cannot be moved by an edit, and what makes it possible. */
export function refused(service: string, why: string, hint: string): HoldfastError {
  return new HoldfastError("PIN_REFUSED", { what: `the image of ${service} cannot be pinned in its compose file`, why, hint })
}
