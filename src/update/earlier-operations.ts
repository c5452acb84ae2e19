import type { App } from "../app/app.ts"
import type { RunContext } from "../base/run-context.ts"
import type { OperationRecord } from "../operation/ports.ts"
import type { UpdateTools } from "./ports.ts"

/** Newest first. An update that looks at it is no part of its own history. */
export async function earlierOperations(tools: UpdateTools, app: App, ctx: RunContext): Promise<readonly OperationRecord[]> {
  return (await tools.store.operations({ app: app.name })).filter(({ id }) => id !== ctx.operationId)
}
