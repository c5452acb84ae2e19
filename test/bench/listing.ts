/** The row of design §14 about listing ten thousand points: a real point, recorded that many times. */
import { hostname } from "node:os"
import { join } from "node:path"
import { systemClock } from "../../src/base/clock.ts"
import { createHostIdentity } from "../../src/tool/process/host.ts"
import { openSqliteStore } from "../../src/tool/store/store.ts"
import { mkdirSync, writeFileSync } from "node:fs"
import { median, once } from "./measure.ts"
import { atMostMs, type Keep } from "./row.ts"
import { createWorkplace, type Workplace } from "./workplace.ts"

export async function listingRows(directory: string, points: number, runs: number, keep: Keep): Promise<void> {
  const tree = join(directory, "small-tree")
  mkdirSync(tree, { recursive: true })
  writeFileSync(join(tree, "file"), "one file")
  const workplace = createWorkplace(join(directory, "listing-app"), `    files: { uploads: { path: ${tree} } }\n`)
  await once(workplace.holdfast("backup", "bench"))
  await multiply(workplace, points)
  const listed = await median(() => workplace.holdfast("points", "bench"), { runs: Math.max(5, runs) })
  keep(atMostMs(`\`points\` with ${points} points`, listed.durationMs, 300))
}

async function multiply(workplace: Workplace, points: number): Promise<void> {
  const host = createHostIdentity({ hostName: hostname(), processId: process.pid })
  const store = await openSqliteStore(join(workplace.stateDirectory, "store.sqlite"), { host, clock: systemClock })
  try {
    const [real] = await store.points("bench", "local")
    if (real === undefined) throw new Error("the first backup left no point in the store")
    for (let copy = 1; copy < points; copy += 1) {
      const startedAt = new Date(real.startedAt.getTime() - copy * 3_600_000)
      await store.putPoint({ ...real, id: `${real.id}-${copy}`, sequence: real.sequence + copy, startedAt })
    }
  } finally {
    await store.close()
  }
}
