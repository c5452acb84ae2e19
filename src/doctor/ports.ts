import type { App } from "../app/app.ts"
import type { CommandRunner, ContainerEngine, DatabaseEngines } from "../app/ports.ts"
import type { OperationTools } from "../operation/operation.ts"
import type { SettingsData } from "../settings/schema.ts"
import type { VaultBackend, VaultLocation } from "../vault/ports.ts"

/** Enough for the checks of vaults, operations and files. */
export interface QuietTools extends OperationTools {
  readonly backend: VaultBackend
}

/** What examining needs of the outside world. */
export interface DoctorTools extends QuietTools {
  readonly databases: DatabaseEngines
  readonly containers: ContainerEngine
  readonly commands: CommandRunner
  /** Version of the SQLite library in this process. */
  readonly sqliteVersion: string
}

/** What is examined: the apps and vaults of the settings, resolved and located. */
export interface Subject {
  readonly apps: readonly App[]
  readonly vaults: readonly VaultLocation[]
  readonly stateDirectory: string
  /** Who is told of what. */
  readonly settings: Pick<SettingsData, "apps" | "notify">
}
