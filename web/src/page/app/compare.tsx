import { TextLink } from "../../piece/link.tsx"
import { Stack, Table, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useParams, useSearch } from "@tanstack/react-router"
import type { ReactNode } from "react"
import type { Compared } from "../../../../src/contract/api/points.ts"
import { formatBytes } from "../../../../src/contract/units.ts"
import { Empty, Facts, Loaded, Page, Section } from "../../piece/layout.tsx"
import { Status } from "../../piece/status.tsx"
import { compareQuery } from "../../wire/queries.ts"
import { difference, grouped } from "../../words/count.ts"

/** What the facts of two points say. */
export function Compare(): ReactNode {
  const { app } = useParams({ from: "/apps/$app/compare" })
  const { from, to } = useSearch({ from: "/apps/$app/compare" })
  const above = (
    <TextLink to="/apps/$app" params={{ app }} size="sm">
      {app}
    </TextLink>
  )
  if (from === undefined || to === undefined) {
    return (
      <Page title="Compare two points" above={above}>
        <Empty title="Two points are needed.">Choose them on the page of the app.</Empty>
      </Page>
    )
  }
  return <Found app={app} from={from} to={to} above={above} />
}

function Found({
  app,
  from,
  to,
  above,
}: {
  readonly app: string
  readonly from: string
  readonly to: string
  readonly above: ReactNode
}): ReactNode {
  const query = useQuery(compareQuery(app, from, to))
  return (
    <Page title="Compare two points" above={above} lead="By the facts that were taken with each point.">
      <Loaded query={query}>
        {(compared) => (
          <Stack gap="lg">
            <Section title="Points">
              <Facts
                of={[
                  ["From", <PointLink key="from" app={app} id={compared.from} />],
                  ["To", <PointLink key="to" app={app} id={compared.to} />],
                  ["Version", `${compared.appVersion.from ?? "not known"} → ${compared.appVersion.to ?? "not known"}`],
                ]}
              />
            </Section>
            {compared.parts.map((part) => (
              <PartDifference key={part.part} part={part} />
            ))}
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}

function PointLink({ app, id }: { readonly app: string; readonly id: string }): ReactNode {
  return (
    <TextLink to="/apps/$app/points/$point" params={{ app, point: id }} className="mono">
      {id}
    </TextLink>
  )
}

function PartDifference({ part }: { readonly part: Compared["parts"][number] }): ReactNode {
  const { sizeBytes, files, schemaVersion, rows } = part
  const facts: (readonly [string, ReactNode])[] = [["Size", `${bytes(sizeBytes.from)} → ${bytes(sizeBytes.to)}`]]
  if (files.from !== null || files.to !== null)
    facts.push(["Files", `${amount(files.from)} → ${amount(files.to)} (${difference(files.from, files.to) ?? "not known"})`])
  if (schemaVersion.from !== null || schemaVersion.to !== null)
    facts.push(["Schema", `${schemaVersion.from ?? "not known"} → ${schemaVersion.to ?? "not known"}`])
  return (
    <Section title={part.part} actions={part.same ? <Status tone="quiet">The same</Status> : <Status tone="warn">Changed</Status>}>
      <Facts of={facts} />
      {rows.length === 0 ? null : <Rows rows={rows} />}
    </Section>
  )
}

function Rows({ rows }: { readonly rows: Compared["parts"][number]["rows"] }): ReactNode {
  return (
    <div className="scrolls" tabIndex={0} role="region" aria-label="Tables whose rows differ">
      <Table mt="md" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Table</Table.Th>
            <Table.Th ta="right">From</Table.Th>
            <Table.Th ta="right">To</Table.Th>
            <Table.Th ta="right">Difference</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.table}>
              <Table.Td className="mono">{row.table}</Table.Td>
              <Table.Td ta="right">{amount(row.from)}</Table.Td>
              <Table.Td ta="right">{amount(row.to)}</Table.Td>
              <Table.Td ta="right">
                <Text span fw={600} size="sm">
                  {difference(row.from, row.to) ?? "–"}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}

function bytes(size: number | null): string {
  return size === null ? "not there" : formatBytes(size)
}

function amount(count: number | null): string {
  return count === null ? "not there" : grouped(count)
}
