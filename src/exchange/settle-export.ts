import { z } from "zod"
import type { Settlement } from "../operation/operation.ts"
import type { OperationRecord } from "../operation/ports.ts"

const planSchema = z.object({ directory: z.string() })

/** Nothing of the app was touched. What was written is left for the person to look at: by now other files may lie there. */
export function settleExport(operation: Pick<OperationRecord, "plan">): Settlement {
  const { directory } = planSchema.parse(operation.plan)
  return { outcome: "failed", message: `interrupted; ${directory} holds an incomplete export, remove it` }
}
