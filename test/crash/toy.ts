/** A toy operation for the harness's own test: replaces a file in two steps. `broken` settles without undoing anything. */
import { existsSync } from "node:fs"
import { rename, rm, writeFile } from "node:fs/promises"
import { hostname } from "node:os"
import { join } from "node:path"
import { systemClock } from "../../src/base/clock.ts"
import { silentLog, silentProgress } from "../../src/base/run-context.ts"
import { runOperation } from "../../src/operation/run-operation.ts"
import { settleInterrupted } from "../../src/operation/settle.ts"
import { createHostIdentity } from "../../src/tool/process/host.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import { killingStore, killOrderFrom } from "./killing-store.ts"

const [verb, directory = ".", kind] = process.argv.slice(2)
const live = join(directory, "live")
const staged = join(directory, "staged")
const host = createHostIdentity({ hostName: hostname(), processId: process.pid })
const opened = await openSqliteStore(join(directory, "store.sqlite"), { host, clock: systemClock })
const tools = { host, store: killingStore(opened, killOrderFrom(process.env)) }
const base = { signal: new AbortController().signal, progress: silentProgress, log: silentLog, clock: systemClock }

await settleInterrupted(
  tools,
  {
    export: async () => {
      const swapped = !existsSync(staged)
      if (kind !== "broken") await rm(staged, { force: true })
      return { outcome: swapped ? "succeeded" : "failed", message: "settled" }
    },
  },
  null,
  base,
)
const steps = {
  stage: { title: "write beside", crashLeadsTo: "the staged file is removed" },
  swap: { title: "rename", crashLeadsTo: "old or new" },
} as const
if (verb === "replace") {
  await runOperation(tools, { kind: "export", app: "toy", steps, plan: null, command: "toy" }, base, async (journal) => {
    await journal.step("stage", null, async () => await writeFile(staged, "new"))
    await journal.step("swap", null, async () => await rename(staged, live))
    return { outcome: "succeeded", result: null, record: null }
  })
}
await opened.close()
