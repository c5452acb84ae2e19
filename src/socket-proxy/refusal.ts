/** What the proxy answers instead of asking the engine. Thrown inside the room only; the door turns it into a value. */
export class Refusal extends Error {
  /** HTTP status of the answer. */
  readonly status: number

  /** @param why lower case, without a full stop; it is logged and told to the caller */
  constructor(why: string, status = 403) {
    super(why)
    this.name = "Refusal"
    this.status = status
  }
}

/** Text of a caller, short and harmless enough for one line of a log. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text)
}
