import { TextLink } from "../../piece/link.tsx"
import { Group, Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { OverviewApp } from "../../../../src/contract/api/overview.ts"
import { formatDuration } from "../../../../src/contract/units.ts"
import { Instant } from "../../piece/instant.tsx"
import { Status } from "../../piece/status.tsx"
import { counted } from "../../words/count.ts"
import { operationSaying, operationWord } from "../../words/state.ts"

/** One app in one plain sentence. */
export function AppRow({ app }: { readonly app: OverviewApp }): ReactNode {
  const { newestOperation: newest } = app
  const saying = newest === null ? null : operationSaying(newest)
  return (
    <li className="linked">
      <Group justify="space-between" gap="xs" align="flex-start">
        <Group gap="sm">
          <TextLink to="/apps/$app" params={{ app: app.app }} fw={650}>
            {app.app}
          </TextLink>
          <Status tone={app.protected ? "good" : "bad"}>{app.protected ? "Protected" : "Not protected"}</Status>
        </Group>
        {newest === null || saying === null || (newest.status === "finished" && newest.outcome === "succeeded") ? null : (
          <TextLink to="/activity/$id" params={{ id: newest.id }} size="sm" underline="never">
            <Status tone={saying.tone}>
              {operationWord(newest.kind)}: {saying.text.toLowerCase()}
            </Status>
          </TextLink>
        )}
      </Group>
      <Text mt={4} className="wrap">
        {app.problem ?? plainSentence(app)}
      </Text>
      <Group gap="md" mt={4} className="quiet">
        <span>{counted(app.points, "point")}</span>
        {app.exposureMs === null ? null : (
          <span>
            exposure {formatDuration(app.exposureMs)}
            {app.objectives.exposureMs === null ? "" : ` (objective ${formatDuration(app.objectives.exposureMs)})`}
          </span>
        )}
        {app.nextRun === null ? (
          <span>nothing scheduled</span>
        ) : (
          <span>
            next {app.nextRun.kind} <Instant at={app.nextRun.at} />
          </span>
        )}
      </Group>
    </li>
  )
}

/** The badge beside it says the first words already. */
function plainSentence({ sentence }: OverviewApp): string {
  const rest = sentence.replace(/^(Protected\.|Not protected:) ?/, "")
  return rest === "" ? sentence : `${rest.charAt(0).toUpperCase()}${rest.slice(1)}`
}

/** Who is not protected comes first, then who has a failed run, then by name. */
export function needsFirst(left: OverviewApp, right: OverviewApp): number {
  return weight(left) - weight(right) || left.app.localeCompare(right.app)
}

function weight({ protected: isProtected, problem, newestOperation }: OverviewApp): number {
  if (problem !== null) return 0
  if (!isProtected) return 1
  return newestOperation !== null && newestOperation.outcome !== null && newestOperation.outcome !== "succeeded" ? 2 : 3
}
