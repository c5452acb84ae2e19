import { inspect } from "node:util"

const HIDDEN = "[secret]"

/**
 * A value that must never be shown. It prints as `[secret]` in strings, JSON and `inspect`;
 * only `reveal` gives the text, and only the room that hands it to a child or a socket calls that.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}
