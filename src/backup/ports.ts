import type { CommandRunner, ContainerEngine, DatabaseEngines, Prober } from "../app/ports.ts"
import type { OperationTools } from "../operation/operation.ts"
import type { VaultBackend } from "../vault/ports.ts"

/** What capturing needs of the outside world. */
export interface BackupTools extends OperationTools {
  readonly backend: VaultBackend
  readonly databases: DatabaseEngines
  readonly containers: ContainerEngine
  readonly commands: CommandRunner
  readonly prober: Prober
  /** A private directory (0700) of ours; each operation uses `<scratch>/<operationId>`. */
  readonly scratchDirectory: string
  readonly holdfastVersion: string
}
