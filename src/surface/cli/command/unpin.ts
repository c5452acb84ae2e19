import type { CommandRun } from "../command-spec.ts"
import { change } from "./pin.ts"

/** `holdfast unpin` */
export const run: CommandRun = async (house, input) => await change(house, input, false)
