import { LIMITS } from "./policy.ts"
import { Refusal, quoted } from "./refusal.ts"

export interface Target {
  /** `/v1.41`, or empty. */
  readonly version: string
  /** After the version. */
  readonly path: string
  readonly query: ReadonlyMap<string, string>
}

/** The oldest version that is spoken is 1.24: before it, starting a container could change how it is made (F130). */
const VERSION = /^\/v1\.(?:2[4-9]|[3-9]\d)(?=\/)/
const PATH = /^(?:\/[\w.:@-]+)+$/

/**
 * Takes a request target apart. There is one spelling of each path: nothing encoded, no empty, `.` or `..` segment, no slash at the
 * end, no absolute form. Throws a Refusal.
 */
export function readTarget(target: string): Target {
  if (target.length > LIMITS.targetCharacters) throw new Refusal("the address is too long", 414)
  const mark = target.indexOf("?")
  const whole = mark === -1 ? target : target.slice(0, mark)
  if (!PATH.test(whole) || whole.split("/").some((segment) => segment === "." || segment === "..")) {
    throw new Refusal(`the address ${quoted(whole)} is not written plainly`, 400)
  }
  const version = VERSION.exec(whole)?.[0] ?? ""
  return { version, path: whole.slice(version.length), query: mark === -1 ? new Map() : readQuery(target.slice(mark + 1)) }
}

function readQuery(text: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>()
  for (const pair of text.split("&").filter((each) => each !== "")) {
    const mark = pair.indexOf("=")
    const name = mark === -1 ? pair : pair.slice(0, mark)
    if (!/^\w[\w-]*$/.test(name)) throw new Refusal(`the parameter ${quoted(name)} is not known`, 400)
    if (query.has(name)) throw new Refusal(`the parameter ${quoted(name)} is there twice`, 400)
    query.set(name, mark === -1 ? "" : decoded(pair.slice(mark + 1)))
  }
  return query
}

function decoded(text: string): string {
  try {
    const value = decodeURIComponent(text.replaceAll("+", " "))
    if (!/\p{Cc}/u.test(value)) return value
  } catch {
    // Said below, as for what decodes to something that is no text.
  }
  throw new Refusal("a parameter is not encoded as it should be", 400)
}
