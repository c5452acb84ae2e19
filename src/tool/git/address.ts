import { HoldfastError } from "../../base/errors.ts"
import { Secret } from "../../base/secret.ts"

export interface GitAddress {
  /** With what signs us in, if there is anything. */
  readonly url: Secret
  /** Without it, for people. */
  readonly shown: string
  /** The one protocol that git may follow. */
  readonly protocol: "https" | "http" | "ssh" | "file"
}

/** `user@host:path`; a word before `::` would name a program. */
const SCP_LIKE = /^(?:[\w.][\w.-]*@)?[\w.][\w.-]*:(?!:)[^\s-]\S*$/
const LOOPBACK = /^(?:localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/

/** Where a repository is. Throws RELEASE_SOURCE_REFUSED; what signs in is not repeated. */
export function gitAddress(text: string): GitAddress {
  const url = text.includes("://") && URL.canParse(text) ? new URL(text) : null
  if (url === null) {
    if (!text.includes("://") && SCP_LIKE.test(text)) return { url: new Secret(text), shown: text, protocol: "ssh" }
    throw refused("this is no address of a git repository")
  }
  const protocol = url.protocol.slice(0, -1)
  if (url.hostname.startsWith("-")) throw refused("the host of the git repository begins with a dash")
  if (protocol === "http" && !LOOPBACK.test(url.hostname))
    throw refused(`http://${url.host} is not encrypted; that is allowed on this machine alone`)
  if (protocol !== "https" && protocol !== "http" && protocol !== "ssh" && protocol !== "file")
    throw refused(`a git repository is not followed by ${protocol}://`)
  return { url: new Secret(text), shown: shownOf(url), protocol }
}

/** The name for ssh is no secret; a name for https may be a token. */
function shownOf(url: URL): string {
  const shown = new URL(url)
  shown.password = ""
  if (url.protocol !== "ssh:") shown.username = ""
  return shown.toString()
}

function refused(what: string): HoldfastError {
  return new HoldfastError("RELEASE_SOURCE_REFUSED", { what })
}
