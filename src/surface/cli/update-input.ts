import { oneAppName } from "../house/names.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { UpdateWish } from "../house/update-work.ts"
import type { CliHouse } from "./cli-house.ts"
import type { CommandInput } from "./input.ts"

const LONGEST_REASON = 500

/** The app that is meant. Throws APP_UNKNOWN, USAGE. */
export async function appOf(house: CliHouse, input: CommandInput): Promise<string> {
  return oneAppName(await house.settings(), input.argument("app"))
}

/** Throws USAGE. */
export function wishOf(input: CommandInput): UpdateWish {
  return {
    to: input.text("to"),
    vault: input.text("vault"),
    again: input.flag("again"),
    acceptDrift: input.flag("accept-drift"),
    unrehearsed: reasonOf(input.text("unrehearsed")),
  }
}

/** It stands in the record of the update, for whoever asks later. */
function reasonOf(given: string | null): string | null {
  if (given === null) return null
  const reason = given.trim()
  if (reason === "" || reason.length > LONGEST_REASON)
    throw new HoldfastError("USAGE", { what: `--unrehearsed takes the reason, in 1 to ${LONGEST_REASON} characters` })
  return reason
}
