import { existsSync, readFileSync } from "node:fs"
import { basename, isAbsolute, resolve } from "node:path"
import type { App, DatabaseSource } from "../app/app.ts"
import { readEnvFile } from "../app/env-file.ts"
import { keyMaterial, proofQueries, proveKey, type KeyProofResult } from "../app/key-proof.ts"
import type { KeySources } from "../app/key-texts.ts"
import type { KeyProof } from "../app/recipe.ts"
import { Secret } from "../base/secret.ts"
import type { RunContext } from "../base/run-context.ts"
import { hasColumn, type RowQueries } from "./has-column.ts"

/** The database and the secrets that will be live together. */
export interface KeyPlace {
  readonly source: DatabaseSource
  readonly database: string | null
  /** Directory by name of the file tree. */
  readonly trees: Readonly<Record<string, string>>
  /** Recorded path of a secret or configuration file → where it lies now. */
  readonly paths: Readonly<Record<string, string>>
}

/**
 * Proves that the keys open the data of this database: rows are really decrypted with them (C105, C107). Rows of a column that the point's
 * schema does not have speak neither for a key nor against it.
 */
export async function proveKeys(
  engines: RowQueries,
  app: App,
  place: KeyPlace,
  recorded: Readonly<Record<string, string>>,
  ctx: RunContext,
): Promise<readonly KeyProofResult[]> {
  const sources = keySources(app, place)
  const results: KeyProofResult[] = []
  for (const proof of proofsFor(app, place.source)) {
    const rows: (string | null)[] = []
    for (const [index, query] of proofQueries(proof).entries()) {
      const column = proof.rows?.[index]
      if (column === undefined || !(await hasColumn(engines, place, column, ctx))) continue
      for (const [value] of await engines.for(place.source).query(place.source, place.database, query, ctx)) rows.push(value ?? null)
    }
    results.push(proveKey(proof, keyMaterial(proof, sources, recorded[proof.name] ?? null), rows))
  }
  return results
}

/** Proofs that read this database, and with the first database those that read none. */
function proofsFor(app: App, source: DatabaseSource): readonly KeyProof[] {
  const isFirst = app.databases[0]?.name === source.name
  return app.recipe?.keyProofs.filter((proof) => (proof.database === undefined ? isFirst : proof.database === source.name)) ?? []
}

/** Where the recipe's files and variables lie after the restore: under the restored secrets, the project, or a restored tree. */
function keySources(app: App, place: KeyPlace): KeySources {
  const roots = [...(app.compose === null ? [] : [app.compose.projectDirectory]), ...Object.values(place.trees)]
  const variables = new Map<string, string>()
  for (const [recorded, now] of Object.entries(place.paths)) {
    if (basename(recorded) !== ".env") continue
    for (const [name, value] of readEnvFile(now).values) variables.set(name, value)
  }
  return {
    file: (path) => {
      const found = (isAbsolute(path) ? [path] : roots.map((root) => resolve(root, path)))
        .map((one) => movedPath(place, one))
        .find((one) => existsSync(one))
      return found === undefined ? null : new Secret(readFileSync(found, "utf8"))
    },
    variable: (name) => {
      const value = variables.get(name)
      return value === undefined ? null : new Secret(value)
    },
  }
}

/** A recorded path, or a file inside a recorded directory, at the place where it lies now. */
function movedPath(place: KeyPlace, path: string): string {
  for (const [recorded, now] of Object.entries(place.paths)) {
    if (path === recorded) return now
    if (path.startsWith(`${recorded}/`)) return `${now}${path.slice(recorded.length)}`
  }
  return path
}
