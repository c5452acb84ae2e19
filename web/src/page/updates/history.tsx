import { Group, Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { UpdatesPage } from "../../../../src/contract/api/updates.ts"
import { Instant } from "../../piece/instant.tsx"
import { Empty, Section } from "../../piece/layout.tsx"
import { TextLink } from "../../piece/link.tsx"
import { useNow } from "../../piece/now.ts"
import { Status } from "../../piece/status.tsx"
import { tookBetween } from "../../words/time.ts"
import { downtimeWords } from "./last-result.tsx"
import { entrySaying, entryWords } from "./standing.ts"

/** Every rehearsal, update and rollback, newest first. */
export function History({ page: { history } }: { readonly page: UpdatesPage }): ReactNode {
  const now = useNow()
  return (
    <Section title="History" tight>
      {history.length === 0 ? (
        <Empty title="Nothing was updated yet.">Rehearsals, updates and rollbacks appear here.</Empty>
      ) : (
        <ul className="rows rows-small">
          {history.map((entry) => {
            const { tone, text } = entrySaying(entry)
            return (
              <li key={entry.operationId} className="linked">
                <Group justify="space-between" gap="xs">
                  <TextLink to="/activity/$id" params={{ id: entry.operationId }} fw={600}>
                    {entryWords(entry)}
                  </TextLink>
                  <Status tone={tone}>{text}</Status>
                </Group>
                <Group gap="md" className="quiet" mt={2}>
                  <Instant at={entry.startedAt} />
                  <span>
                    {entry.finishedAt === null ? "for" : "took"} {tookBetween(entry.startedAt, entry.finishedAt, now)}
                  </span>
                  {entry.downtimeMs === null ? null : <span>{downtimeWords(entry)}</span>}
                  <span className="wrap">{entry.by}</span>
                </Group>
                {entry.why === null ? null : (
                  <Text size="sm" mt={4} className="wrap">
                    {entry.why}
                  </Text>
                )}
              </li>
            )
          })}
        </ul>
      )}
    </Section>
  )
}
