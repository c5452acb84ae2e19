import type { Settlers } from "../../operation/settle.ts"
import type { House } from "./house.ts"

/** How each kind of interrupted operation is settled; the verb is loaded only when there is something to settle. */
export function settlersOf(_house: House): Settlers {
  return {}
}
