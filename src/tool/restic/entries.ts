import { once } from "node:events"
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import type { RunContext } from "../../base/run-context.ts"
import type { ListedEntry, StoredItem, VaultLocation } from "../../vault/ports.ts"
import { openPipe } from "../process/pipe.ts"
import { requestOf, type ResticTools } from "./call.ts"
import { EMPTY_MARKER } from "./empty-marker.ts"
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
  // By name, so that the stream has a descriptor of its own to close; the write end stays open until it has.
  const input = createReadStream(pipe.path)
  try {
    await once(input, "open")
    pipe.closeWrite()
    pipe.closeRead()
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      const entry = parseEntry(line)
      if (entry !== null && entry.path !== `/${EMPTY_MARKER}`) yield entry
    }
    const ended = await child.done
    const attempt = { what: `cannot list ${item.tags.part}`, otherwise: "VAULT_READ_FAILED" } as const
    if (ended.exitCode !== 0) throw failureOf(ended, location, attempt)
  } finally {
    await child.end()
    // The pipe closes the descriptor; destroying the stream would close it a first time.
    await pipe.dispose()
  }
}
