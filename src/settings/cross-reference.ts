import { exampleText, type Finding } from "./problem.ts"
import type { AppSettings, SettingsData } from "./schema.ts"

/** Holdfast protects itself under this name. */
const SELF = "holdfast"

/** Names that must exist elsewhere in the file: vaults of schedules and drills, databases of checks. */
export function crossReferenceFindings(settings: SettingsData): readonly Finding[] {
  const vaults = Object.keys(settings.vaults)
  const none = vaults.length === 0 ? [finding(["vaults"], "at least one vault is needed", exampleText(["vaults", "local"]))] : []
  const taken = SELF in settings.apps ? [finding(["apps", SELF], "this name is taken by Holdfast's own points; choose another", null)] : []
  return [...none, ...taken, ...Object.entries(settings.apps).flatMap(([app, value]) => appFindings(["apps", app], value, vaults))]
}

function appFindings(base: readonly string[], app: AppSettings, vaults: readonly string[]): readonly Finding[] {
  const named: [readonly PropertyKey[], string | undefined][] = (app.vaults ?? []).map((vault, index) => [["vaults", index], vault])
  for (const [name, schedule] of Object.entries(app.schedules ?? {})) {
    named.push([["schedules", name, "vault"], schedule.vault])
    schedule.copies.forEach((copy, index) => named.push([["schedules", name, "copies", index], copy]))
  }
  for (const [name, drill] of Object.entries(app.drills ?? {})) named.push([["drills", name, "vault"], drill.vault])
  return [
    ...named.flatMap(([path, vault]) =>
      vault === undefined || vaults.includes(vault) ? [] : [unknownVault([...base, ...path], vault, vaults)],
    ),
    ...databaseFindings(base, app),
    ...shapeFindings(base, app),
    ...sandboxFindings(base, app),
    ...updateFindings(base, app),
  ]
}

function unknownVault(path: readonly PropertyKey[], vault: string, vaults: readonly string[]): Finding {
  return finding(path, `there is no vault called \`${vault}\``, vaults[0] ?? null)
}

function databaseFindings(base: readonly string[], app: AppSettings): readonly Finding[] {
  const known = Object.keys(app.databases ?? {})
  return Object.entries(app.checks ?? {}).flatMap(([name, check]) =>
    check.sql === undefined || app.recipe !== undefined || known.includes(check.sql.database)
      ? []
      : [finding([...base, "checks", name, "sql", "database"], `there is no database called \`${check.sql.database}\``, known[0] ?? null)],
  )
}

function shapeFindings(base: readonly string[], app: AppSettings): readonly Finding[] {
  const found: Finding[] = []
  if (app.compose !== undefined && app.run !== undefined)
    found.push(finding([...base, "run"], "an app has `compose` or `run`, not both", null))
  const empty = app.recipe === undefined && app.databases === undefined && app.files === undefined && app.secrets === undefined
  if (empty)
    found.push(
      finding(base, "nothing is named that could be protected; give `recipe`, `databases`, `files` or `secrets`", exampleText(base)),
    )
  if (app.compose === undefined) found.push(...serviceFindings(base, app))
  return found
}

/** What a copy is judged by cannot be missing in it. */
function sandboxFindings(base: readonly string[], app: AppSettings): readonly Finding[] {
  const path = [...base, "sandbox", "without"]
  const needed = new Map<string, string>([
    ...(app.updates?.services ?? []).map((service) => [service, "updates move it"] as const),
    ...Object.values(app.checks ?? {}).flatMap(({ command }) =>
      command?.service === undefined ? [] : [[command.service, "a check asks it"] as const],
    ),
    ...(app.health?.command === undefined ? [] : [[app.health.command.service, "`health` asks it"] as const]),
    ...Object.values(app.databases ?? {}).flatMap(({ postgres }) =>
      postgres?.service === undefined ? [] : [[postgres.service, "it runs a database"] as const],
    ),
  ])
  return (app.sandbox?.without ?? []).flatMap((service, index) => {
    const why = needed.get(service)
    return why === undefined ? [] : [finding([...path, index], `a copy without \`${service}\` would prove nothing: ${why}`, null)]
  })
}

function updateFindings(base: readonly string[], app: AppSettings): readonly Finding[] {
  const { updates } = app
  if (updates === undefined) return []
  const path = [...base, "updates"]
  if (app.compose === undefined) return installFindings(base, app)
  const ofPlain = [...(updates.install === undefined ? [] : ["install"]), ...(updates.source === "directories" ? ["source"] : [])]
  if (ofPlain[0] !== undefined)
    return [finding([...path, ofPlain[0]], "is for an app without `compose`, which is started through a link; leave it out", null)]
  const anywhere = updates.source === "manifest" && updates.repositories === undefined && app.recipe === undefined
  const example = exampleText([...path, "repositories"])
  return anywhere
    ? [finding([...path, "repositories"], "is missing: a release may only bring images of repositories named here", example)]
    : []
}

/** Of an app that is no compose project: a link is exchanged, and whoever exchanges it has to stop and start the program. */
function installFindings(base: readonly string[], { updates, run }: AppSettings): readonly Finding[] {
  if (updates === undefined) return []
  const path = [...base, "updates"]
  if (updates.source !== "directories" && updates.source !== "git")
    return [finding([...path, "source"], `\`source: ${updates.source}\` moves images, so it needs \`compose\``, "directories")]
  if (updates.install === undefined)
    return [finding([...path, "install"], "is missing: the link and the directory of its versions", exampleText([...path, "install"]))]
  return run === undefined ? [finding([...base, "run"], "is missing: an update stops and starts the app", null)] : []
}

/** Without a compose project no service and no volume can be found. */
function serviceFindings(base: readonly string[], app: AppSettings): readonly Finding[] {
  const volumes = Object.entries(app.files ?? {}).flatMap(([name, files]) =>
    files.volume === undefined ? [] : [[...base, "files", name, "volume"]],
  )
  const services = Object.entries(app.databases ?? {}).flatMap(([name, database]) =>
    database.postgres?.service === undefined ? [] : [[...base, "databases", name, "postgres", "service"]],
  )
  const sandbox = app.sandbox === undefined ? [] : [[...base, "sandbox"]]
  return [...volumes, ...services, ...sandbox].map((path) => finding(path, "this needs `compose`, so that it can be found", null))
}

function finding(path: readonly PropertyKey[], what: string, example: string | null): Finding {
  return { path, what, example, atKey: false }
}
