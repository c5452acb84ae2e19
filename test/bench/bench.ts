/** `npm run bench [-- --size 1GiB --runs 3 --only database,tree,listing,panel,service,access,update --minutes 60 --write]`: the table of design §14, measured side by side on generated data. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { availableParallelism, loadavg } from "node:os"
import { parseArgs } from "node:util"
import { machine, table } from "../../scripts/test/evidence-page.ts"
import { formatBytes } from "../../src/base/units.ts"
import { accessRows } from "./access.ts"
import { databaseRows } from "./database.ts"
import { listingRows } from "./listing.ts"
import { panelRows } from "./panel.ts"
import { renderRow, renderRows, type Keep, type Row } from "./row.ts"
import { serviceRows } from "./service.ts"
import { treeRows } from "./tree.ts"
import { updateRows } from "./update.ts"

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "64MiB" },
    files: { type: "string", default: "20000" },
    points: { type: "string", default: "10000" },
    runs: { type: "string", default: "3" },
    only: { type: "string", default: "database,tree,listing,panel,access,update" },
    minutes: { type: "string", default: "60" },
    write: { type: "boolean", default: false },
  },
})

const sizeBytes = parseSize(values.size)
const runs = parseCount("runs", values.runs)
const files = parseCount("files", values.files)
const minutes = parseCount("minutes", values.minutes)
const points = parseCount("points", values.points)
const chosen = values.only.split(",")
let finished = false
/** Others who work on the same machine make every figure worse, theirs and ours. */
const loads = [loadNow()]
const sampling = setInterval(() => loads.push(loadNow()), 15_000)
/** Not in memory: a tmpfs would flatter everyone. */
const directory = mkdtempSync("/var/tmp/holdfast-bench-")

// What an operator runs is the bundle; the launcher leaves one aside that is older than a source.
execFileSync(process.execPath, [resolve(import.meta.dirname, "../../scripts/build-program.ts")])

try {
  const rows: Row[] = []
  // Written as it grows: what was measured before a long run was ended is not lost, and the page says what is missing.
  const keep: Keep = (...measured) => {
    for (const row of measured) console.log(renderRow(row))
    rows.push(...measured)
    if (values.write) writeFileSync(resolve(import.meta.dirname, "../../docs/manual/performance.md"), page(rows))
  }
  // Short ones first.
  if (chosen.includes("listing")) await listingRows(directory, points, runs, keep)
  if (chosen.includes("panel")) await panelRows(points, runs, keep)
  if (chosen.includes("service")) await serviceRows(directory, minutes, keep)
  if (chosen.includes("tree")) await treeRows(directory, files, sizeBytes, runs, keep)
  if (chosen.includes("database")) await databaseRows(directory, sizeBytes, runs, keep)
  if (chosen.includes("access")) await accessRows(directory, sizeBytes, runs, keep)
  if (chosen.includes("update")) await updateRows(directory, sizeBytes, runs, keep)
  finished = true
  keep()
} finally {
  clearInterval(sampling)
  rmSync(directory, { recursive: true, force: true })
}

function loadNow(): number {
  return loadavg()[0] ?? 0
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

function loadText(): string {
  const [lowest, highest] = [Math.min(...loads), Math.max(...loads)]
  return `${lowest.toFixed(1)} lowest, ${median(loads).toFixed(1)} median, ${highest.toFixed(1)} highest (the benchmark itself makes about 2 to 3)`
}

function page(rows: readonly Row[]): string {
  const conditions: [string, string | number][] = [
    ...machine(),
    ["database and tree", `${formatBytes(sizeBytes)} each`],
    ["runs", runs === 1 ? "1 of each" : `${runs} of each, the median is shown`],
    ["load average of one minute", loadText()],
  ]
  return `# Speed

Written by \`npm run bench -- --size ${values.size} --runs ${runs} --write\`. Everything was measured side by side in one run; aims are in
[design §14](../design/operations-and-surfaces.md#14-speed).

${renderRows(rows)}

${remarks(rows)}

## The machine

${table(["", ""], conditions)}
`
}

function remarks(rows: readonly Row[]): string {
  const missed = rows
    .filter((row) => row.met === false)
    .map((row) => `${row.work} (against ${row.against === "" ? "the aim" : row.against})`)
  return [
    "The database is chat-like: messages of words drawn by a Zipf law, with ids, instants, some JSON and arrays; gzip makes 1 of 2.8. Its size is that of its dump. The server is on the same machine and reached by TCP, but where a row says otherwise.",
    "The vault is a directory with the random key that Holdfast makes, which needs no slow derivation ([decision 6](../decisions/0006-quick-derivation-for-random-keys.md)); restic alone derives its key from a password, as ever: about 0.5 s of its time.",
    chosen.includes("update")
      ? "The downtime of an update is the longest time between two good answers of the app, which somebody asks for every 10 ms; the time of the copy of the database is that of the update's own step, and is added to what Compose takes."
      : "The downtime of updates was not measured in this run.",
    "A backup lists the vault, stores each part and the manifest, and reads the manifest back, each in a call of restic of its own; one that writes waits 0.2 s for locks of others.",
    ...(sizeBytes < 1024 ** 3
      ? ["The aims are for 1 GiB and more; in a smaller database what each call costs weighs more, against us."]
      : []),
    ...(median(loads) > 2 * availableParallelism() + 1
      ? [
          `**Other work overloaded the machine** (load ${median(loads).toFixed(0)} on ${availableParallelism()} processors): ratios of single runs swing by a factor of several, and a program of many short calls waits more often than one long pipe. Measure again on an idle machine.`,
        ]
      : []),
    missed.length === 0 ? "No aim was missed." : `Missed: ${missed.join("; ")}.`,
    ...(finished ? [] : ["The run was ended before all of it was measured: rows that are not here were not measured."]),
  ].join("\n\n")
}

/** `64MiB`, `1GiB`. */
function parseSize(given: string): number {
  const match = /^(\d+(?:\.\d+)?)(MiB|GiB)$/.exec(given)
  if (match === null) throw new Error(`--size ${given}: give it as 64MiB or 1GiB`)
  return Math.round(Number(match[1]) * (match[2] === "GiB" ? 1024 ** 3 : 1024 ** 2))
}

function parseCount(option: string, given: string): number {
  const count = Number(given)
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${option} ${given}: give a positive whole number`)
  return count
}
