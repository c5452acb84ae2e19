import { HoldfastError } from "../../base/errors.ts"
import type { CliHouse } from "./cli-house.ts"

export interface Confirmation {
  /** The plan, printed before the question. */
  readonly plan: readonly string[]
  readonly question: string
  /** `--yes`. */
  readonly given: boolean
  /** A word to be typed in full (the app's name) for what cannot be taken back; `--yes` does not stand in for it unless `--confirm WORD` does. */
  readonly word?: string
  /** `--confirm WORD`: the word, given on the command line. */
  readonly givenWord?: string | null
}

/**
 * Shows the plan and asks. Throws CONFIRMATION_NEEDED where nobody can be asked, CONFIRMATION_REFUSED when the answer is not yes.
 * Nothing may be changed before it returns.
 */
export async function confirm(house: Pick<CliHouse, "terminal" | "options" | "signal">, confirmation: Confirmation): Promise<void> {
  if (!house.options.json) for (const line of confirmation.plan) house.terminal.say(`${line}\n`)
  if (confirmation.word === undefined ? confirmation.given : confirmation.givenWord === confirmation.word) return
  if (!house.terminal.asks || house.options.json) throw needed(confirmation)
  const { prompt, accepts } = questionOf(confirmation)
  const answer = (await house.terminal.ask(`${confirmation.question} ${prompt} `, house.signal)).trim()
  if (!accepts(answer)) throw new HoldfastError("CONFIRMATION_REFUSED", { what: "not confirmed", why: `the answer was "${answer}"` })
}

function questionOf(confirmation: Confirmation): { prompt: string; accepts: (answer: string) => boolean } {
  const { word } = confirmation
  if (word !== undefined) return { prompt: `Type ${word} to go on:`, accepts: (answer) => answer === word }
  return { prompt: "[y/N]", accepts: (answer) => /^y(es)?$/i.test(answer) }
}

function needed(confirmation: Confirmation): HoldfastError {
  const { word, question, plan } = confirmation
  const flag = word === undefined ? "--yes" : `--confirm ${word}`
  return new HoldfastError("CONFIRMATION_NEEDED", {
    what: "this needs a confirmation, and there is no terminal to ask on",
    why: question,
    hint: `Run it in a terminal to confirm, or pass ${flag} after reading the plan.`,
    details: { plan: [...plan] },
  })
}
