import { oneAppName } from "../house/names.ts"
import type { UpdateWish } from "../house/update-work.ts"
import type { CliHouse } from "./cli-house.ts"
import type { CommandInput } from "./input.ts"

/** The app that is meant. Throws APP_UNKNOWN, USAGE. */
export async function appOf(house: CliHouse, input: CommandInput): Promise<string> {
  return oneAppName(await house.settings(), input.argument("app"))
}

export function wishOf(input: CommandInput): UpdateWish {
  return { to: input.text("to"), vault: input.text("vault"), again: input.flag("again"), acceptDrift: input.flag("accept-drift") }
}
