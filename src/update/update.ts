/** Updates an app: rehearsed on a copy of the real data, everything it replaces kept beside, gated, and taken back as one (design §10). */
export { applyUpdate } from "./apply.ts"
export type { UpdateTools } from "./ports.ts"
export { planRollback, rollBackUpdate, type RollbackPlan, type RollbackReport } from "./roll-back.ts"
export { settleRollback, settleUpdate } from "./settle.ts"
export type { Rehearsal, SchemaChange, UpdatePlan, UpdateReport } from "./update-plan.ts"
