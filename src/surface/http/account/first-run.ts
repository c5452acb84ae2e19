import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { writeFileDurably } from "../../../base/durable-file.ts"

const FILE = "first-run-token"

/** The token that makes the first account: whoever can read it is on the host already. */
export interface FirstRun {
  /** Makes one where there is none; the same one until it is used. */
  token(): Promise<string>
  matches(token: string): boolean
  /** It is used up. */
  end(): void
}

export function firstRunIn(stateDirectory: string): FirstRun {
  const file = join(stateDirectory, FILE)
  const read = (): string | null => (existsSync(file) ? readFileSync(file, "utf8").trim() : null)
  return {
    token: async () => {
      const present = read()
      if (present !== null && present !== "") return present
      const made = randomBytes(20).toString("hex")
      await writeFileDurably(file, `${made}\n`, 0o600)
      return made
    },
    matches: (token) => {
      const present = read()
      if (present === null || present === "") return false
      return timingSafeEqual(digest(present), digest(token.trim()))
    },
    end: () => rmSync(file, { force: true }),
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest()
}
