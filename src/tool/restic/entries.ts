import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import type { RunContext } from "../../base/run-context.ts"
import type { ListedEntry, StoredItem, VaultLocation } from "../../vault/ports.ts"
import { openPipe } from "../process/pipe.ts"
import { requestOf, type ResticTools } from "./call.ts"
import { failureOf } from "./failure.ts"
import { parseEntry } from "./messages.ts"

/** What an item holds, line by line at the reader's pace; fails at the end when restic did. */
export async function* listEntries(
  tools: ResticTools,
  location: VaultLocation,
  item: StoredItem,
  ctx: RunContext,
): AsyncGenerator<ListedEntry> {
  await tools.checked(ctx)
  const pipe = await openPipe(tools.processes, tools.scratchDirectory, ctx.signal)
  const child = tools.processes.start(requestOf(tools, location, ["ls", item.storageId], ctx, { stdout: { fd: pipe.writeFd } }))
  pipe.closeWrite()
  const input = createReadStream("", { fd: pipe.readFd, autoClose: false })
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      const entry = parseEntry(line)
      if (entry !== null) yield entry
    }
    const ended = await child.done
    const attempt = { what: `cannot list ${item.tags.part}`, otherwise: "VAULT_READ_FAILED" } as const
    if (ended.exitCode !== 0) throw failureOf(ended, location, attempt)
  } finally {
    await child.end()
    input.destroy()
    await pipe.dispose()
  }
}
