import { existsSync, readFileSync } from "node:fs"
import { isAbsolute, resolve } from "node:path"
import type { Secret } from "../base/secret.ts"
import { Secret as SecretText } from "../base/secret.ts"
import type { App } from "./app.ts"
import { readEnvFile } from "./env-file.ts"
import type { KeyProof } from "./recipe.ts"

/** Where key texts are read from: files by the recipe's own paths, variables by name. Of the live app, or of a restored copy. */
export interface KeySources {
  file(path: string): Secret | null
  variable(name: string): Secret | null
}

/**
 * The live app's keys: files relative to the project's folder (or among `extraRoots`, such as the host path of a volume), variables from its `.env`.
 * @param extraRoots further folders in which a recipe's relative file is looked for
 */
export function liveKeySources(app: App, extraRoots: readonly string[] = []): KeySources {
  const base = app.compose?.projectDirectory ?? null
  const roots = [...(base === null ? [] : [base]), ...extraRoots]
  const values = base === null ? new Map<string, string>() : readEnvFile(resolve(base, ".env")).values
  return {
    file: (path) => readFirst(isAbsolute(path) ? [path] : roots.map((root) => resolve(root, path))),
    variable: (name) => {
      const value = values.get(name)
      return value === undefined ? null : new SecretText(value)
    },
  }
}

function readFirst(paths: readonly string[]): Secret | null {
  const found = paths.find((path) => existsSync(path))
  return found === undefined ? null : new SecretText(readFileSync(found, "utf8"))
}

/** The text of a proof's key; a file wins over a variable, as it does for the apps. */
export function keyText(proof: KeyProof, sources: KeySources): Secret | null {
  const fromFile = proof.key.file === undefined ? null : sources.file(proof.key.file)
  return fromFile ?? (proof.key.env === undefined ? null : sources.variable(proof.key.env))
}
