/** What every surface stands on: settings, tools by port, and what a request is about; commands, pages and the service differ only in how they ask. */
import type { CommandRunner, ContainerEngine, DatabaseEngines, Prober } from "../../app/ports.ts"
import type { Recipes } from "../../app/load-recipes.ts"
import type { Clock } from "../../base/clock.ts"
import type { Log, Progress } from "../../base/run-context.ts"
import type { HostIdentity, OperationTools } from "../../operation/operation.ts"
import type { ContextBase } from "../../operation/run-operation.ts"
import type { Store } from "../../operation/ports.ts"
import type { Notifier } from "../../posture/ports.ts"
import type { SourceTools } from "../../release/checkout-ports.ts"
import type { ImageRegistry, ReleaseSources } from "../../release/ports.ts"
import type { CredentialsByRegistry } from "../../release/registry-credentials.ts"
import type { Salvager } from "../../restore/salvage-ports.ts"
import type { Environment } from "../../settings/find.ts"
import type { Settings } from "../../settings/settings.ts"
import type { VaultBackend } from "../../vault/ports.ts"

/** Tools by port, each built when it is first asked for: a command pays only for what it uses. */
export interface HouseTools {
  host(): Promise<HostIdentity>
  store(): Promise<Store>
  commands(): Promise<CommandRunner>
  prober(): Promise<Prober>
  backend(): Promise<VaultBackend>
  databases(): Promise<DatabaseEngines>
  containers(): Promise<ContainerEngine>
  salvager(): Promise<Salvager>
  notifier(): Promise<Notifier>
  /** Where signed releases are served. */
  releases(): Promise<ReleaseSources>
  /** Registries of images, with what is known of how to sign in to each. */
  registry(credentials: CredentialsByRegistry): Promise<ImageRegistry>
  /** Git repositories and checkouts, for apps that are built here. */
  sources(): Promise<SourceTools>
  /** A private directory (0700) below the state directory. */
  scratchDirectory(): Promise<string>
  /** Gives back what was opened. */
  close(): Promise<void>
}

/** What the surroundings of one run of the program are; the only way a command reaches anything. */
export interface Surroundings {
  readonly version: string
  readonly environment: Environment
  readonly cwd: string
  readonly hostName: string
  readonly isRoot: boolean
  /** Version of the SQLite library in this process. */
  readonly sqliteVersion: string
  /** The Node that runs this program. */
  readonly nodeBinary: string
  /** Where this program's own files are: recipes, manual. */
  readonly programDirectory: string
  readonly clock: Clock
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal
  tools(stateDirectory: string): HouseTools
}

export interface House extends Surroundings {
  readonly stateDirectory: string
  /** What the operator typed, without secrets: shown to whoever is refused meanwhile. */
  readonly command: string
  readonly progress: Progress
  readonly log: Log
  readonly use: HouseTools
  operationTools(): Promise<OperationTools>
  /** Throws SETTINGS_MISSING when there is no file. */
  settings(): Promise<Settings>
  recipes(): Promise<Recipes>
  /** For a run that is about to become an operation. */
  base(): ContextBase
}
