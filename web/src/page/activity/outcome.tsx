import { Text } from "@mantine/core"
import { z } from "zod"
import type { ReactNode } from "react"
import type { OperationPage } from "../../../../src/contract/api/operations.ts"
import { Instant } from "../../piece/instant.tsx"
import { TextLink } from "../../piece/link.tsx"
import { sentence } from "../../words/sentence.ts"
import { Note } from "../../piece/status.tsx"

/** What came of it in a sentence; for a failure why, and what to do. */
export function Outcome({ page }: { readonly page: OperationPage }): ReactNode {
  const { operation, hint, undo } = page
  const made = pointIn(operation.result)
  if (operation.status === "interrupted") {
    return <Note tone="warn" title="Its process died. It is settled by itself: finished or undone, with the app running again." />
  }
  if (operation.outcome === "succeeded") {
    return (
      <Note tone="good" title="It succeeded." live>
        {operation.message === null ? null : <p>{sentence(operation.message)}</p>}
        {made === null ? null : (
          <p>
            <TextLink underline="always" to="/apps/$app/points/$point" params={{ app: operation.app, point: made }}>
              Open the point
            </TextLink>
          </p>
        )}
        {undo.available && undo.until !== null ? (
          <p>
            What it replaced is kept for undo until <Instant at={undo.until} />.
          </p>
        ) : null}
      </Note>
    )
  }
  const tone = operation.outcome === "failed" ? "bad" : "warn"
  return (
    <Note tone={tone} title={titleOf(operation.outcome)} live>
      {operation.message === null ? null : <p>{sentence(operation.message)}</p>}
      {hint === null ? null : <p>{hint}</p>}
      {operation.errorCode === null ? null : (
        <Text size="xs" c="dimmed" className="mono">
          {operation.errorCode}
        </Text>
      )}
    </Note>
  )
}

function titleOf(outcome: OperationPage["operation"]["outcome"]): string {
  if (outcome === "failed") return "It failed."
  if (outcome === "partial") return "Only a part of it was done."
  if (outcome === "cancelled") return "It was cancelled."
  return "It ended, and nobody knows how."
}

const withPoint = z.union([
  z.object({ point: z.string() }).transform((result) => result.point),
  z.object({ point: z.object({ id: z.string() }) }).transform((result) => result.point.id),
])

/** The id of the point that it made or worked on, where its result names one. */
function pointIn(result: unknown): string | null {
  const read = withPoint.safeParse(result)
  return read.success ? read.data : null
}
