import { resolve } from "node:path"
import type { AppCheck, Argv, HealthCheck } from "../app/app.ts"
import type { Recipe } from "../app/recipe.ts"
import { parseDurationMs } from "../base/units.ts"
import type { AppSettings } from "./schema.ts"

const DEFAULT_TIMEOUT_MS = 120_000

/** Health of settings and recipe, member by member; where the answer comes from is one of the two whole. */
export function resolveHealth(given: AppSettings["health"], recipe: Recipe | null): HealthCheck | null {
  const known = recipe?.health
  if (given === undefined && known === undefined) return null
  const said = given?.url !== undefined || given?.command !== undefined
  const url = said ? given.url : known?.url
  const command = said ? given.command : known?.command
  if (url === undefined && command === undefined) return null
  return {
    url: url ?? null,
    command: command === undefined || url !== undefined ? null : { service: command.service, argv: asArgv(command.argv) },
    expect: given?.expect === undefined ? (known?.expect ?? {}) : expected(given.expect),
    versionKey: given?.version ?? known?.versionKey ?? null,
    timeoutMs: milliseconds(given?.timeout) ?? (known === undefined ? DEFAULT_TIMEOUT_MS : known.timeoutSeconds * 1000),
  }
}

function expected(given: NonNullable<NonNullable<AppSettings["health"]>["expect"]>): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, (Array.isArray(value) ? value : [value]).map(String)]))
}

export function milliseconds(text: string | undefined): number | null {
  return text === undefined ? null : parseDurationMs(text)
}

export function asArgv(words: readonly [string, ...string[]]): Argv {
  return words
}

export function resolveChecks(given: AppSettings["checks"], directory: string): readonly AppCheck[] {
  return Object.entries(given ?? {}).flatMap(([name, check]): AppCheck[] => {
    if (check.http !== undefined) return [{ kind: "http", name, url: check.http.url, expectStatus: check.http.status }]
    if (check.tcp !== undefined) return [{ kind: "tcp", name, ...check.tcp }]
    if (check.sshHostKey !== undefined)
      return [{ kind: "ssh-host-key", name, ...check.sshHostKey, keyFile: resolve(directory, check.sshHostKey.keyFile) }]
    if (check.sql !== undefined) return [{ kind: "sql", name, ...check.sql }]
    if (check.command !== undefined) return [{ kind: "command", name, service: check.command.service ?? null, argv: check.command.argv }]
    return []
  })
}
