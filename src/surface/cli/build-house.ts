import { isAbsolute, join, resolve } from "node:path"
import { HoldfastError } from "../../base/errors.ts"
import type { Environment } from "../../settings/find.ts"
import type { CliHouse, CliSurroundings, GlobalOptions } from "./cli-house.ts"
import { createLog } from "./log.ts"
import type { CliProgress } from "./progress.ts"

/** Joins surroundings and options to what a command is given. Everything heavy is loaded when it is first asked for. */
export function buildHouse(surroundings: CliSurroundings, options: GlobalOptions, command: string, progress: CliProgress): CliHouse {
  const { environment, cwd, clock, signal, terminal } = surroundings
  const stateDirectory = stateDirectoryOf(surroundings, options)
  const use = surroundings.tools(stateDirectory)
  const log = createLog(terminal, environment["HOLDFAST_LOG"] ?? "", clock)
  return {
    ...surroundings,
    options,
    stateDirectory,
    command,
    progress,
    log,
    use,
    operationTools: async () => ({ store: await use.store(), host: await use.host() }),
    settings: async () => await readSettings(options.config, environment, cwd),
    recipes: async () => (await import("../../app/load-recipes.ts")).loadRecipes(join(surroundings.programDirectory, "recipes")),
    base: () => ({ signal, progress, log, clock }),
  }
}

async function readSettings(flag: string | null, environment: Environment, cwd: string): ReturnType<CliHouse["settings"]> {
  const [{ findSettingsFile, SYSTEM_SETTINGS_FILE }, { loadSettings }] = await Promise.all([
    import("../../settings/find.ts"),
    import("../../settings/settings.ts"),
  ])
  const file = findSettingsFile(flag, environment, cwd)
  if (file !== null) return loadSettings(file, environment)
  // Drop-in use: what the environment says is enough (C14 to C18).
  const dropIn = (await import("../../settings/environment.ts")).settingsFromEnvironment(environment, cwd)
  if (dropIn !== null) return dropIn
  throw new HoldfastError("SETTINGS_MISSING", {
    what: "there is no settings file",
    why: `neither ${join(cwd, "holdfast.yaml")} nor ${SYSTEM_SETTINGS_FILE} exists`,
  })
}

/** `--state-dir`, `HOLDFAST_STATE_DIR`, `/var/lib/holdfast` for root, else the user's own state directory. */
function stateDirectoryOf(surroundings: CliSurroundings, options: GlobalOptions): string {
  const { environment, cwd, isRoot } = surroundings
  const named = options.stateDirectory ?? nonEmpty(environment["HOLDFAST_STATE_DIR"])
  if (named !== null) return isAbsolute(named) ? named : resolve(cwd, named)
  if (isRoot) return "/var/lib/holdfast"
  const home = nonEmpty(environment["HOME"])
  const base = nonEmpty(environment["XDG_STATE_HOME"]) ?? (home === null ? null : join(home, ".local", "state"))
  if (base !== null) return join(base, "holdfast")
  throw new HoldfastError("USAGE", {
    what: "no state directory",
    why: "HOME is not set",
    hint: "Name one with --state-dir or HOLDFAST_STATE_DIR.",
  })
}

function nonEmpty(value: string | undefined): string | null {
  return value === undefined || value === "" ? null : value
}

/** What was typed, with the password of any address taken out: it is stored with the operation and shown to others. */
export function describeCommand(words: readonly string[]): string {
  // Up to the last @, because a password that is written as it is may hold one, or a slash.
  const shown = words.map((word) => word.replaceAll(/(:\/\/[^:/@\s]*):\S*@/g, "$1:…@").replaceAll(/([?&]password=)[^&\s]*/g, "$1…"))
  return ["holdfast", ...shown.map((word) => (/^[\w@%+=:,./…-]+$/.test(word) ? word : JSON.stringify(word)))].join(" ")
}
