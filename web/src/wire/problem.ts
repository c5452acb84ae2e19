import { errorOutput } from "../../../src/contract/output.ts"

export interface ProblemFacts {
  /** One of the error catalog's codes; `OFFLINE` and `UNREADABLE` are the panel's own. */
  readonly code: string
  readonly what: string
  readonly why: string | null
  /** A sentence that says what to do. */
  readonly hint: string
  /** 0 when no answer came. */
  readonly status: number
  /** The whole answer: a refusal may carry more than the words, such as a difference. */
  readonly document: unknown
}

/** A request that was refused, failed or never answered, in words for people. */
export class Problem extends Error {
  readonly facts: ProblemFacts

  constructor(facts: ProblemFacts) {
    super(facts.what)
    this.name = "Problem"
    this.facts = facts
  }
}

/** Reads whatever was thrown as a problem. */
export function problemOf(error: unknown): ProblemFacts {
  if (error instanceof Problem) return error.facts
  const what = error instanceof Error ? error.message : String(error)
  return {
    code: "BUG",
    what: "the panel ran into a mistake of its own",
    why: what,
    hint: "Reload the page; if it comes back, report it.",
    status: 0,
    document: null,
  }
}

/** The service did not answer at all. */
export function offline(why: string): Problem {
  return new Problem({
    code: "OFFLINE",
    what: "Holdfast does not answer",
    why,
    hint: "Check the connection, and on the host that the service runs: systemctl status holdfast.",
    status: 0,
    document: null,
  })
}

/** What a refused answer says: the service's error document, or the sign-in's own form, or the bare status. */
export function problemInAnswer(status: number, document: unknown): Problem {
  const ours = errorOutput.safeParse(document)
  if (ours.success) {
    const { code, what, why, hint } = ours.data.error
    return new Problem({ code, what, why, hint, status, document })
  }
  const said = messageIn(document)
  return new Problem({
    code: said.code ?? `HTTP_${status}`,
    what: said.message ?? words(status),
    why: null,
    hint: hintFor(status),
    status,
    document,
  })
}

function messageIn(document: unknown): { readonly code: string | null; readonly message: string | null } {
  if (document === null || typeof document !== "object") return { code: null, message: null }
  const code = "code" in document && typeof document.code === "string" ? document.code : null
  const message = "message" in document && typeof document.message === "string" && document.message !== "" ? document.message : null
  return { code, message }
}

function words(status: number): string {
  if (status === 401) return "you are not signed in"
  if (status === 403) return "your account may not do this"
  if (status === 404) return "this is not there"
  if (status === 429) return "too many attempts"
  return `the service answered with status ${status}`
}

function hintFor(status: number): string {
  if (status === 401) return "Sign in again."
  if (status === 403) return "Ask an owner for the role that allows it."
  if (status === 404) return "It may have been removed meanwhile; go back and look again."
  if (status === 429) return "Wait a minute, then try again."
  return status >= 500 ? "Look at the service's log on the host." : "Check what was entered."
}
