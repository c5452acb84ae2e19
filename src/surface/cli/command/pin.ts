import { changePin } from "../../house/change-pin.ts"
import type { CommandResult, CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"
import type { CommandInput } from "../input.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast pin` */
export const run: CommandRun = async (house, input) => await change(house, input, true)

/** `holdfast pin` and `unpin` are the same act. */
export async function change(house: CliHouse, input: CommandInput, pinned: boolean): Promise<CommandResult> {
  const selection = { ...selectionOf(input), point: input.required("point") }
  const document = await changePin(house, selection, pinned, pinned ? input.text("reason") : null)
  return { document, lines: [pinned ? `${document.id} is pinned: no policy removes it` : `${document.id} is not pinned any more`] }
}
