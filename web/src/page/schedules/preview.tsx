import { Stack, Text } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { keepPreviousData, useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { retentionPreview } from "../../../../src/contract/api/retention.ts"
import type { SchedulePreview } from "../../../../src/contract/api/schedules.ts"
import { formatBytes } from "../../../../src/contract/units.ts"
import { Section } from "../../piece/layout.tsx"
import { useNow } from "../../piece/now.ts"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { Note } from "../../piece/status.tsx"
import { ask } from "../../wire/ask.ts"
import { place } from "../../wire/place.ts"
import { schedulePreviewQuery } from "../../wire/queries.ts"
import { counted } from "../../words/count.ts"
import { relativeTime, shortTime } from "../../words/time.ts"
import type { Draft } from "./draft.ts"

const SETTLED_MS = 400
const KEPT_SHOWN = 30

/** What the schedule would do as it stands in the form, before anything is saved. */
export function Preview({ app, draft }: { readonly app: string; readonly draft: Draft }): ReactNode {
  const [settled] = useDebouncedValue(draft, SETTLED_MS)
  const keep = settled.kind === "backup" && settled.ownKeep ? settled.keep : null
  const query = useQuery(schedulePreviewQuery({ cron: settled.cron, timezone: settled.timezone, keep }))
  return (
    <Stack gap="lg">
      <Section title="Next ten runs" lead={`In ${settled.timezone}.`}>
        {query.isError ? (
          <ProblemNote error={query.error} />
        ) : query.data === undefined ? null : (
          <Runs runs={query.data.runs} zone={settled.timezone} />
        )}
      </Section>
      {keep === null ? null : <Going app={app} draft={settled} />}
      {query.data?.kept === null || query.data === undefined || query.isError ? null : (
        <Kept kept={query.data.kept} zone={settled.timezone} />
      )}
    </Stack>
  )
}

function Runs({ runs, zone }: { readonly runs: readonly string[]; readonly zone: string }): ReactNode {
  const now = useNow()
  return (
    <ol className="preview">
      {runs.map((run) => (
        <li key={run}>
          <span>{shortTime(new Date(run), now, zone)}</span>
          <span className="quiet">{relativeTime(new Date(run), now)}</span>
        </li>
      ))}
    </ol>
  )
}

/** What this policy would do to the points that are there now. */
function Going({ app, draft }: { readonly app: string; readonly draft: Draft }): ReactNode {
  const body = { keep: draft.keep, timezone: draft.timezone, vault: draft.vault === "" ? null : draft.vault }
  const query = useQuery({
    queryKey: ["app", app, "retention-preview", body],
    queryFn: async ({ signal }) => await ask(retentionPreview, place`/apps/${app}/retention-preview`, { method: "POST", body, signal }),
    retry: false,
    placeholderData: keepPreviousData,
  })
  if (query.data === undefined || query.isError) return null
  const { going, points, storedBytes } = query.data
  if (points.length === 0) return null
  return (
    <Section title="Points that are there now">
      {going.length === 0 ? (
        <Note tone="good">All {String(points.length)} stay.</Note>
      ) : (
        <Note tone="warn" title={`${counted(going.length, "point")} of ${points.length} would go.`}>
          With the next success, and at most {formatBytes(storedBytes)} with them.
        </Note>
      )}
    </Section>
  )
}

function Kept({ kept, zone }: { readonly kept: NonNullable<SchedulePreview["kept"]>; readonly zone: string }): ReactNode {
  const now = useNow()
  return (
    <Section title={`After a year: ${counted(kept.points, "point")}`} lead="If every run succeeds.">
      <ol className="preview scroll-list" tabIndex={0} aria-label="Kept after a year">
        {kept.entries.slice(0, KEPT_SHOWN).map((entry) => (
          <li key={entry.at}>
            <span>{shortTime(new Date(entry.at), now, zone)}</span>
            <span className="quiet">{entry.why.join(", ")}</span>
          </li>
        ))}
      </ol>
      {kept.entries.length > KEPT_SHOWN ? (
        <Text size="sm" c="dimmed" mt="xs">
          and {kept.entries.length - KEPT_SHOWN} more
        </Text>
      ) : null}
    </Section>
  )
}
