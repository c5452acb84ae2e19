import { Stack, Table } from "@mantine/core"
import { useParams } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { plannedRollback, type PlannedRollback } from "../../../../src/contract/api/updates.ts"
import { formatDuration } from "../../../../src/contract/units.ts"
import { ConfirmByName } from "../../piece/confirm-by-name.tsx"
import { Instant } from "../../piece/instant.tsx"
import { Facts, Section } from "../../piece/layout.tsx"
import { Note } from "../../piece/status.tsx"
import { place } from "../../wire/place.ts"
import { grouped } from "../../words/count.ts"
import { useBeginUpdate } from "./begin.ts"
import { BackToUpdates, PlannedPage } from "./planned-page.tsx"

/** Back to the version before: what was written since is shown first. */
export function Rollback(): ReactNode {
  const { app } = useParams({ from: "/apps/$app/updates/rollback" })
  return (
    <PlannedPage
      app={app}
      title={`Roll ${app} back`}
      lead="Images, configuration and data go back together."
      refused="Your account may not roll this app back."
      path={place`/apps/${app}/rollback-plan`}
      schema={plannedRollback}
    >
      {(planned) => <Review app={app} planned={planned} />}
    </PlannedPage>
  )
}

function Review({ app, planned: { plan, planId } }: { readonly app: string; readonly planned: PlannedRollback }): ReactNode {
  const begin = useBeginUpdate(app)
  return (
    <Stack gap="lg">
      <Lost plan={plan} />
      {plan.warnings.map((warning) => (
        <Note key={warning} tone="warn">
          {warning}
        </Note>
      ))}
      <Section title="The plan">
        <Facts
          of={[
            ["From", plan.from],
            ["Back to", plan.to ?? "the version before"],
            ["Updated", <Instant key="applied" at={plan.appliedAt} />],
            ["Possible until", <Instant key="until" at={plan.keptUntil} />],
            ["Made anew", plan.services.length === 0 ? "nothing" : plan.services.join(", ")],
            ["Put back", putBack(plan)],
            ["Down for", plan.expectedMs === null ? "not known" : `about ${formatDuration(plan.expectedMs)}`],
          ]}
        />
      </Section>
      <Section title="Confirm">
        <ConfirmByName
          app={app}
          action="Roll back"
          pending={begin.isPending}
          onConfirm={(confirm) => begin.mutate({ path: place`/apps/${app}/rollback`, body: { planId, confirm } })}
        >
          <BackToUpdates app={app} />
        </ConfirmByName>
      </Section>
    </Stack>
  )
}

function putBack({ databases, trees, files }: PlannedRollback["plan"]): string {
  const all = [...databases.map((name) => `database ${name}`), ...trees, ...files]
  return all.length === 0 ? "nothing" : all.join(", ")
}

function Lost({ plan: { rowsLost, warnings } }: Pick<PlannedRollback, "plan">): ReactNode {
  if (rowsLost.length === 0) {
    // A warning may say that something could not be counted: that is not to be read as nothing.
    return warnings.length > 0 ? null : (
      <Note tone="good" title="No rows were found that were written since the update.">
        Rows that were changed since then go back to what they were.
      </Note>
    )
  }
  const total = rowsLost.reduce((sum, { rows }) => sum + rows, 0)
  return (
    <Note tone="bad" title={`${grouped(total)} rows written since the update will not be there afterwards.`}>
      <p>They are kept until what the update kept is released.</p>
      <Table mt="xs" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Table</Table.Th>
            <Table.Th ta="right">Rows</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rowsLost.map(({ database, table, rows }) => (
            <Table.Tr key={`${database} ${table}`}>
              <Table.Td className="mono wrap">
                {database}: {table}
              </Table.Td>
              <Table.Td ta="right">{grouped(rows)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Note>
  )
}
