import type { App } from "../app/app.ts"
import type { CommandRunner, ContainerEngine, DatabaseEngines } from "../app/ports.ts"
import type { OperationTools } from "../operation/operation.ts"
import type { VaultBackend, VaultLocation } from "../vault/ports.ts"

/** What examining needs of the outside world. */
export interface DoctorTools extends OperationTools {
  readonly backend: VaultBackend
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
}
