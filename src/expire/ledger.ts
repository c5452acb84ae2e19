import { canonicalJson } from "../base/canonical-json.ts"
import type { RunContext } from "../base/run-context.ts"
import type { ExpireVault } from "./ports.ts"

export interface ExpiryEntry {
  readonly app: string
  readonly points: readonly string[]
  readonly at: Date
  readonly operationId: string
}

/** Seals in the vault that points were un-listed (or listed again), so that a lost store does not bring them back as missing. */
export async function storeExpiry(vault: ExpireVault, kind: "expired" | "relisted", entry: ExpiryEntry, ctx: RunContext): Promise<void> {
  const { app, points, at, operationId } = entry
  const content = canonicalJson({ kind, app, points, at: at.toISOString(), operationId })
  await vault.backend.storeDocument(vault.location, { app, point: null, part: `ledger:${kind}` }, "entry.json", content, ctx)
}
