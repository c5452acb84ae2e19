import type { ReactNode } from "react"
import type { UpdatesPage } from "../../../../src/contract/api/updates.ts"
import { formatDuration } from "../../../../src/contract/units.ts"
import { Instant } from "../../piece/instant.tsx"
import { TextLink } from "../../piece/link.tsx"
import { Note } from "../../piece/status.tsx"
import { sentence } from "../../words/sentence.ts"
import { entryWords } from "./standing.ts"

type Entry = UpdatesPage["history"][number]

/** What came of the last run: measured against predicted, and why it went back if it did. */
export function LastResult({ page }: { readonly page: UpdatesPage }): ReactNode {
  const [last] = page.history
  if (last === undefined || last.outcome === "running") return null
  return (
    <Note tone={toneOf(last)} title={titleOf(last)} live>
      {last.why === null ? null : <p>{sentence(last.why)}</p>}
      {last.downtimeMs === null ? null : <p>{downtimeWords(last)}</p>}
      {page.rollback?.operationId === last.operationId ? (
        <p>
          It can be rolled back until <Instant at={page.rollback.keptUntil} />.
        </p>
      ) : null}
      <p>
        <TextLink underline="always" to="/activity/$id" params={{ id: last.operationId }}>
          Steps and log
        </TextLink>
      </p>
    </Note>
  )
}

function toneOf({ kind, outcome }: Entry): "good" | "warn" | "bad" {
  if (outcome === "applied" || outcome === "passed" || (kind === "rollback" && outcome === "rolled back")) return "good"
  return outcome === "failed" || outcome === "rolled back" ? "bad" : "warn"
}

function titleOf(entry: Entry): string {
  const { kind, outcome, from } = entry
  if (kind === "update" && outcome === "rolled back")
    return `${entryWords(entry)}: rolled back by itself. ${from ?? "The old version"} runs.`
  const words = {
    passed: "passed",
    applied: "done",
    "rolled back": "done",
    failed: "failed",
    cancelled: "cancelled",
    interrupted: "interrupted; it is settled by itself",
    running: "running",
  }[outcome]
  return `${entryWords(entry)}: ${words}.`
}

/** `Down for 4.2 s; 4.0 s were predicted.` */
export function downtimeWords({ downtimeMs, predictedDowntimeMs }: Pick<Entry, "downtimeMs" | "predictedDowntimeMs">): string {
  if (downtimeMs === null) return "The downtime was not measured."
  const predicted = predictedDowntimeMs === null ? "." : `; ${formatDuration(predictedDowntimeMs)} were predicted.`
  return `Down for ${formatDuration(downtimeMs)}${predicted}`
}
