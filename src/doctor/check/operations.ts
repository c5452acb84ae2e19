import { ok, trouble, type Finding } from "../finding.ts"
import type { QuietTools } from "../ports.ts"

/** No run was interrupted without being settled. */
export async function checkOperations(tools: QuietTools): Promise<readonly Finding[]> {
  const unfinished = await tools.store.operations({ unfinished: true })
  if (unfinished.length === 0) return [ok("operations", "all apps", "nothing is running, nothing was interrupted")]
  return unfinished.map((operation) => {
    const subject = `${operation.app} ${operation.id}`
    if (tools.host.isAlive(operation.holder)) return ok("operations", subject, `running: ${operation.holder.command}`)
    const what = `${operation.kind} was interrupted and is not settled`
    return trouble("fail", "operations", subject, what, `Run \`holdfast operations settle ${operation.id}\`.`)
  })
}
