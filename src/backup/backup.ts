/** Takes recovery points: database, files, secrets, configuration and images of one moment, sealed by a manifest (design §5). */
import type { App } from "../app/app.ts"
import { runOperation, type ContextBase } from "../operation/run-operation.ts"
import type { SealedPoint } from "../recovery-point/recovery-point.ts"
import type { OpenVault } from "../vault/vault.ts"
import { capturePoint } from "./capture.ts"
import { refuseUnknownParts, type BackupOptions } from "./options.ts"
import type { BackupTools } from "./ports.ts"
import { captureSteps } from "./steps.ts"

export { planBackup, type BackupPlan } from "./plan.ts"
export { plainBackup, type BackupOptions } from "./options.ts"
export { settleBackup } from "./settle.ts"
export type { BackupTools } from "./ports.ts"

/** An app twice: with places resolved to host paths, and as its settings declare it. */
export interface AppUnderCare {
  readonly app: App
  readonly declared: App
}

/**
 * Takes one recovery point of an app whose places are located (`locateApp`).
 * Throws PART_UNKNOWN for a name in `only` that fits nothing, else whatever made the point fail (F: SOURCE_…, SECRET_…, DATABASE_…, VAULT_…); a failed point is never listed.
 */
export async function backUp(
  tools: BackupTools,
  vault: OpenVault,
  subject: AppUnderCare,
  options: BackupOptions,
  command: string,
  base: ContextBase,
): Promise<SealedPoint> {
  refuseUnknownParts(subject.app, options.only)
  const request = {
    kind: "backup" as const,
    app: subject.app.name,
    steps: captureSteps,
    plan: { vault: vault.location.name, label: options.label, trigger: options.trigger, cold: options.cold, only: options.only },
    command,
  }
  const end = await runOperation(tools, request, base, async (journal, ctx) => {
    const point = await capturePoint(tools, { ...subject, vault, options }, journal, ctx)
    return { outcome: "succeeded", result: point, record: { point: point.manifest.id, warnings: point.manifest.warnings } }
  })
  return end.result
}
