import { Button, Group, Stack, Table, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import type { AuditPage } from "../../../../src/contract/api/accounts.ts"
import { Instant } from "../../piece/instant.tsx"
import { Empty, Loaded, Section } from "../../piece/layout.tsx"
import { Note, Status, type Tone } from "../../piece/status.tsx"
import { auditQuery } from "../../wire/queries.ts"

const PAGE = 50
const tones: Readonly<Record<AuditPage["entries"][number]["outcome"], Tone>> = { allowed: "good", refused: "warn", failed: "bad" }

/** Who did what; the log shows when it was tampered with. */
export function Audit(): ReactNode {
  const [limit, setLimit] = useState(PAGE)
  const query = useQuery(auditQuery(limit))
  return (
    <Loaded query={query}>
      {(page) => (
        <Stack gap="lg">
          {page.intact ? (
            <Note tone="good">Every entry is as it was written, and none is missing.</Note>
          ) : (
            <Note tone="bad" title="This log was edited.">
              {page.brokenAt === null
                ? "Entries are missing."
                : `Entry ${page.brokenAt} is not as it was written, or one before it is missing.`}
            </Note>
          )}
          <Section title="Audit log" tight>
            {page.entries.length === 0 ? <Empty title="Nothing was done yet." /> : <Entries entries={page.entries} />}
            {page.more ? (
              <Group justify="center" p="sm" className="foot">
                <Button variant="default" loading={query.isFetching} onClick={() => setLimit((old) => old * 2)}>
                  Show older entries
                </Button>
              </Group>
            ) : null}
          </Section>
        </Stack>
      )}
    </Loaded>
  )
}

function Entries({ entries }: { readonly entries: AuditPage["entries"] }): ReactNode {
  return (
    <div className="scrolls" tabIndex={0} role="region" aria-label="Entries of the audit log">
      <Table horizontalSpacing="md" verticalSpacing={8} miw={640}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>When</Table.Th>
            <Table.Th>Who</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th>About</Table.Th>
            <Table.Th>Outcome</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((entry) => (
            <Table.Tr key={entry.sequence}>
              <Table.Td>
                <Instant at={entry.at} />
              </Table.Td>
              <Table.Td>
                {entry.actor}
                <Text size="xs" c="dimmed">
                  {entry.source}
                </Text>
              </Table.Td>
              <Table.Td>{entry.action}</Table.Td>
              <Table.Td className="wrap">{[entry.app, entry.subject].filter((text) => text !== null).join(" / ")}</Table.Td>
              <Table.Td>
                <Status tone={tones[entry.outcome]}>{entry.outcome}</Status>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}
