/** `npm run bench [-- --size 1GiB --runs 3 --only database,tree,listing --write]`: the table of design §14, measured side by side on generated data. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { machine, table } from "../../scripts/test/evidence-page.ts"
import { formatBytes } from "../../src/base/units.ts"
import { databaseRows } from "./database.ts"
import { listingRows } from "./listing.ts"
import { renderRows, type Row } from "./row.ts"
import { treeRows } from "./tree.ts"

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "64MiB" },
    files: { type: "string", default: "20000" },
    points: { type: "string", default: "10000" },
    runs: { type: "string", default: "3" },
    only: { type: "string", default: "database,tree,listing" },
    write: { type: "boolean", default: false },
  },
})

const sizeBytes = parseSize(values.size)
const runs = parseCount("runs", values.runs)
const files = parseCount("files", values.files)
const points = parseCount("points", values.points)
const chosen = values.only.split(",")
/** Not in memory: a tmpfs would flatter everyone. */
const directory = mkdtempSync("/var/tmp/holdfast-bench-")

try {
  const rows: Row[] = []
  if (chosen.includes("database")) rows.push(...(await databaseRows(directory, sizeBytes, runs)))
  if (chosen.includes("tree")) rows.push(...(await treeRows(directory, files, sizeBytes, runs)))
  if (chosen.includes("listing")) rows.push(...(await listingRows(directory, points, runs)))
  const text = renderRows(rows)
  console.log(text)
  if (values.write) writeFileSync(resolve(import.meta.dirname, "../../docs/manual/performance.md"), page(text))
} finally {
  rmSync(directory, { recursive: true, force: true })
}

function page(text: string): string {
  const conditions: [string, string | number][] = [
    ...machine(),
    ["database and tree", `${formatBytes(sizeBytes)} each`],
    ["runs", `${runs}, the median is shown`],
  ]
  return `# Speed

Written by \`npm run bench -- --size ${values.size} --runs ${runs} --write\`. Everything was measured side by side in one run; aims are in
[design §14](../design/operations-and-surfaces.md#14-speed).

${text}

## The machine

${table(["", ""], conditions)}
`
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
