/** GET /overview: every app in one line, and what needs attention. */
import { z } from "zod"
import { listedOperation } from "./operations.ts"
import { count, instant, nextRun, proofLevel } from "./shapes.ts"

/** Something that a person has to know until it is over. */
export const alarm = z.object({
  key: z.string(),
  app: z.string().nullable(),
  kind: z.string(),
  text: z.string(),
  since: instant,
  /** When it was last sent to somebody; null when that never succeeded. */
  toldAt: instant.nullable(),
  endedAt: instant.nullable(),
})

export const overviewApp = z.object({
  app: z.string(),
  protected: z.boolean(),
  sentence: z.string(),
  level: proofLevel.nullable(),
  /** The newest proven point. */
  point: z.string().nullable(),
  exposureMs: count.nullable(),
  recoveryTimeMs: count.nullable(),
  objectives: z.object({ exposureMs: count.nullable(), recoveryTimeMs: count.nullable() }),
  points: count,
  nextRun: nextRun.nullable(),
  newestOperation: listedOperation.nullable(),
  /** Why nothing can be said: the app's settings cannot be used. */
  problem: z.string().nullable(),
})

export const vaultSpace = z.object({
  vault: z.string(),
  points: count,
  /** Sum of what each point added. */
  storedBytes: count,
  /** Of the file system, where the vault is on this machine. */
  freeBytes: count.nullable(),
  totalBytes: count.nullable(),
})

export const overview = z.object({
  at: instant,
  apps: z.array(overviewApp),
  attention: z.array(alarm),
  nextRuns: z.array(nextRun),
  vaults: z.array(vaultSpace),
  /** Why the settings file cannot be used just now; the last good settings are in force. */
  settingsProblem: z.string().nullable(),
})

export type Alarm = z.infer<typeof alarm>
export type OverviewApp = z.infer<typeof overviewApp>
export type VaultSpace = z.infer<typeof vaultSpace>
export type Overview = z.infer<typeof overview>
