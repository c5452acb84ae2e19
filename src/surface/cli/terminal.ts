/** The operator's end of the line, handed in by `main.ts`; nothing here knows a process object. */
export interface Terminal {
  /** Standard output: results only, so that it can be piped. Resolves when it is handed over. */
  print(text: string): Promise<void>
  /** Standard error: progress, plans, questions, errors. */
  say(text: string): void
  /** Whether standard error is a terminal that can redraw a line. */
  readonly redraws: boolean
  /** Whether a person can be asked: standard input and standard error are a terminal. */
  readonly asks: boolean
  readonly columns: number
  /** One line typed by the operator; rejects with the signal's reason when it is aborted. */
  ask(question: string, signal: AbortSignal): Promise<string>
}
