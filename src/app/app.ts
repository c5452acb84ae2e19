/** A protected app: what it consists of, how it stops and starts, how it tells that it is well. Resolved from settings and recipe. */
import type { Secret } from "../base/secret.ts"
import type { Recipe } from "./recipe.ts"

export interface App {
  readonly name: string
  /** The program's version, where the settings say it and nothing else has to be asked. */
  readonly version?: string
  readonly recipe: Recipe | null
  /** Null for an app that is not a compose project. */
  readonly compose: ComposeProject | null
  /** How an app outside compose stops and starts. */
  readonly run: RunCommands | null
  readonly databases: readonly DatabaseSource[]
  readonly files: readonly FileSource[]
  /** Absolute paths of files and directories that hold secrets. */
  readonly secrets: readonly string[]
  /** Absolute paths of compose files, overrides, env files and program configuration. */
  readonly configuration: readonly string[]
  /** What its points do not hold on purpose, or because those of another app do: declared volumes, absolute paths, `service/database`. */
  readonly leaveOut?: readonly string[]
  readonly images: "auto" | "always" | "never"
  readonly health: HealthCheck | null
  readonly checks: readonly AppCheck[]
  readonly hooks: Hooks
  readonly schedules: Readonly<Record<string, Schedule>>
  readonly drills: Readonly<Record<string, DrillSchedule>>
  /** Services that copies of the app do without; left out where nobody said. */
  readonly copiesWithout?: readonly string[]
  readonly objectives: { readonly exposureMs: number | null; readonly recoveryTimeMs: number | null }
  readonly thresholds: Thresholds
  /** Names of the vaults this app may use, the default one first. */
  readonly vaults: readonly string[]
  /** Where its updates come from; left out where nobody said. */
  readonly updates?: UpdateRules
}

export interface UpdateRules {
  readonly source: "manifest" | "registry" | "git" | "directories"
  readonly url: string | null
  readonly channel: string
  /** Product that a signed manifest must name. */
  readonly product: string
  /** Absolute path of the vendor's public key (PEM). */
  readonly keyFile: string | null
  readonly keyDigest: string | null
  /** Services that are updated together; null: those that the release names. */
  readonly services: readonly string[] | null
  /** Whole names of image repositories that a release may come from. */
  readonly repositories: readonly string[]
  /** Semver range of tags (`source: registry`); null for any newer one. */
  readonly versions: string | null
  readonly tagPattern: string | null
  readonly branch: string | null
  /** A new tag is trusted when it has existed this long (`source: registry`). */
  readonly minimumAgeMs: number
  /** `Sun 03:00-05:00`, as the settings say it; automatic updates run only inside. */
  readonly window: string | null
  readonly timezone: string
  readonly automatic: boolean
  readonly rollbackWindowMs: number
  /** How long the new version must stay well before it is kept. */
  readonly stabilityMs: number
  /** How long it may take to become well; a migration that is still running extends it. */
  readonly timeoutMs: number
  /** The gate wants the new version to be the one that health reports; false where builds report an old one. */
  readonly expectVersion: boolean
  /** Absolute path of a file with credentials of the registry; blank means none. */
  readonly credentialsFile: string | null
  /** Absolute path of the secret that the app's own administration page signs its requests with; null: it may not drive updates. */
  readonly tokenFile: string | null
  /** How a version of an app without containers is put in place; left out where the settings do not say. */
  readonly install?: InstallRules
}

export interface InstallRules {
  /** Absolute path of the symbolic link that the program is started through. */
  readonly link: string
  /** Absolute path of the directory that holds one directory for each version. */
  readonly releases: string
  /** Makes a version of its sources, in its own directory; null where they are run as they are. */
  readonly build: Argv | null
  readonly preFlight: Argv | null
  readonly migrate: Argv | null
}

export interface ComposeProject {
  /** `-f` files in order, absolute; overrides included. */
  readonly files: readonly string[]
  readonly projectDirectory: string
  /** Compose's own project name (label `com.docker.compose.project`). */
  readonly projectName: string
  readonly profiles: readonly string[]
  /** Instead of the `.env` of the project directory; to look at a project before its files are replaced. */
  readonly envFiles?: readonly string[]
}

export type Argv = readonly [string, ...string[]]

export interface RunCommands {
  readonly stop: Argv
  readonly start: Argv
}

export type DatabaseSource = PostgresSource | SqliteSource | CommandSource

export interface PostgresSource {
  readonly engine: "postgres"
  /** The part is called `database:<name>`. */
  readonly name: string
  /** The compose service that runs the server, in this project; null when it is reached by address alone. */
  readonly service: string | null
  readonly projectName: string | null
  readonly host: string | null
  readonly port: number | null
  readonly database: string
  readonly user: string
  readonly password: Secret | null
  /** Null: chosen by Holdfast (TCP, helper, exec, in this order) and shown. */
  readonly access: PostgresAccessKind | null
}

export type PostgresAccessKind = "tcp" | "helper" | "exec"

export interface SqliteSource {
  readonly engine: "sqlite"
  readonly name: string
  /** Where the file is: on the host, or inside a compose volume. `locateApp` turns the second into the first. */
  readonly place: Place
}

/** A database whose engine Holdfast does not know: the operator gives the commands. */
export interface CommandSource {
  readonly engine: "command"
  readonly name: string
  readonly dump: Argv
  readonly restore: Argv
}

/** `volume` is the name as declared in the compose file; `path` inside it is relative. */
export type Place = { readonly path: string } | { readonly volume: string; readonly path: string }

export interface FileSource {
  /** The part is called `files:<name>`. */
  readonly name: string
  readonly place: Place
  readonly exclude: readonly string[]
  /** Applied at restore only where the point recorded none. */
  readonly defaultOwner: { readonly uid: number; readonly gid: number } | null
  /** Refuse when the place is not a mount point of its own (external disks). */
  readonly mustBeMounted: boolean
}

export interface HealthCheck {
  /** Exactly one of `url` (probed from the host) and `command` (run inside the service's container, prints the body). */
  readonly url: string | null
  readonly command: { readonly service: string; readonly argv: Argv } | null
  /** Members of the JSON body that must have one of these values, for example `{ status: ["ok", "healthy"] }`. */
  readonly expect: Readonly<Record<string, readonly string[]>>
  /** Member of the JSON body that holds the app's version. */
  readonly versionKey: string | null
  readonly timeoutMs: number
}

/** The app's own checks, used by the gate of restore, drill and update. */
export type AppCheck =
  | { readonly kind: "http"; readonly name: string; readonly url: string; readonly expectStatus: number }
  | { readonly kind: "tcp"; readonly name: string; readonly host: string; readonly port: number }
  | { readonly kind: "ssh-host-key"; readonly name: string; readonly host: string; readonly port: number; readonly keyFile: string }
  | { readonly kind: "sql"; readonly name: string; readonly database: string; readonly query: string; readonly expect: string }
  | { readonly kind: "command"; readonly name: string; readonly service: string | null; readonly argv: Argv }

export interface Hooks {
  readonly before: readonly Argv[]
  /** Always run, also when the capture failed. */
  readonly after: readonly Argv[]
}

export interface Keep {
  readonly last?: number
  readonly hourly?: number
  readonly daily?: number
  readonly weekly?: number
  readonly monthly?: number
  readonly yearly?: number
  /** Keep everything younger than this. */
  readonly withinMs?: number
}

export interface Schedule {
  readonly cron: string
  readonly timezone: string
  readonly vault: string
  readonly copies: readonly string[]
  readonly keep: Keep
  /** False: kept, but never due. */
  readonly enabled: boolean
  /** Stop the app for the capture. */
  readonly cold: boolean
  /** Kinds or names of parts; null: everything. */
  readonly only: readonly string[] | null
  /** A point of secrets and configuration alone, only when they changed; `cron` says when it is looked. */
  readonly onChange: boolean
}

export interface DrillSchedule {
  readonly cron: string
  readonly timezone: string
  readonly level: "restored" | "booted"
  readonly vault: string | null
  /** False: kept, but never due. */
  readonly enabled: boolean
}

export interface Thresholds {
  /** A part whose rows, files or bytes fall below this share of the last good point fails the point (0.5 = half). */
  readonly collapseRatio: number
  /** Sources smaller than this many rows or files are not judged by ratio. */
  readonly collapseFloor: number
}
