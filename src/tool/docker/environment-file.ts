import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { HoldfastError } from "../../base/errors.ts"
import { Secret } from "../../base/secret.ts"

export type Environment = Readonly<Record<string, string | Secret>>

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Gives `use` the path of a private file with the text, gone afterwards. Values never travel as `-e NAME=value`: arguments are
 * public on the host.
 */
export async function withPrivateFile<T>(parent: string, text: string, use: (path: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(parent, "environment-"))
  try {
    const path = join(directory, "environment")
    await writeFile(path, text, { mode: 0o600 })
    return await use(path)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The form that `docker --env-file` reads: everything after `=` as it stands, so a line break cannot be carried. */
export function environmentLines(environment: Environment): string {
  return entriesOf(environment)
    .map(([name, value]) => {
      if (/[\r\n]/.test(value)) {
        throw new HoldfastError("SETTINGS_INVALID", {
          what: `the value of ${name} holds a line break, which cannot be handed to a container`,
        })
      }
      return `${name}=${value}\n`
    })
    .join("")
}

/** The form that a shell reads with `.`; any text can be carried. */
export function shellExports(environment: Environment): string {
  return entriesOf(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join("")
}

function entriesOf(environment: Environment): [string, string][] {
  return Object.entries(environment).map(([name, value]) => {
    if (!NAME.test(name))
      throw new HoldfastError("SETTINGS_INVALID", { what: `${JSON.stringify(name)} is not a name of an environment variable` })
    return [name, value instanceof Secret ? value.reveal() : value]
  })
}
