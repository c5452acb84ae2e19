import type { Selection } from "../house/subject.ts"
import type { CommandInput } from "./input.ts"

/** What a command line selects by its usual words: app, point, and the vault by `--vault` or `--from`. */
export function selectionOf(input: CommandInput): Selection {
  return { app: input.argument("app"), vault: input.text("vault") ?? input.text("from"), point: input.argument("point") }
}
