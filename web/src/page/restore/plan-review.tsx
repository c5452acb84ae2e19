import { Button, Stack, Table, Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { RestorePlan } from "../../../../src/contract/api/restore.ts"
import { formatBytes, formatDuration } from "../../../../src/contract/units.ts"
import { useBegin } from "../../piece/actions.tsx"
import { ConfirmByName } from "../../piece/confirm-by-name.tsx"
import { Instant } from "../../piece/instant.tsx"
import { Facts, Section } from "../../piece/layout.tsx"
import { Note } from "../../piece/status.tsx"
import { place } from "../../wire/place.ts"
import { grouped } from "../../words/count.ts"

/** The plan for people: what is replaced, what will be lost, and the last door. */
export function PlanReview({ plan, onBack }: { readonly plan: RestorePlan; readonly onBack: () => void }): ReactNode {
  const begin = useBegin()
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
            [
              "Point",
              <span key="point">
                <span className="mono">{plan.point}</span>, taken <Instant at={plan.takenAt} />
              </span>,
            ],
            ["From", plan.vault],
            ["Proof", plan.proof ?? noProof(plan)],
            ["Stops", plan.stops.length === 0 ? "nothing" : plan.stops.join(", ")],
            ["Takes about", plan.expectedMs === null ? "not known: no drill or restore was measured yet" : formatDuration(plan.expectedMs)],
            ["Before", "a safety point of the present state is taken"],
            ["After", `the replaced state is kept for ${formatDuration(plan.keptForMs)}, for undo`],
          ]}
        />
      </Section>
      <Section title="What is replaced" tight>
        <ul className="rows rows-small">
          {plan.tables.length === 0 ? <Parts plan={plan} /> : <Tables plan={plan} />}
          {plan.space.map((space) => (
            <li key={space.where}>
              <Text size="sm" className="wrap">
                Needs {formatBytes(space.neededBytes)} in {space.where}, {formatBytes(space.freeBytes)} are free.
              </Text>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Confirm">
        <ConfirmByName
          app={plan.app}
          action="Restore"
          pending={begin.isPending}
          onConfirm={(confirm) =>
            begin.mutate({ path: place`/apps/${plan.app}/points/${plan.point}/restore`, body: { planId: plan.planId, confirm } })
          }
        >
          <Button variant="default" onClick={onBack}>
            Back
          </Button>
        </ConfirmByName>
      </Section>
    </Stack>
  )
}

function noProof({ unproven }: RestorePlan): string {
  return unproven ? "none, and it is not read back first: you asked for that" : "none yet: it is read back whole before anything is touched"
}

function Parts({ plan }: { readonly plan: RestorePlan }): ReactNode {
  return plan.replaces.map((part) => (
    <li key={part.part}>
      <Text fw={600}>{part.part}</Text>
      <Text size="sm" c="dimmed" className="wrap">
        {part.target} ({formatBytes(part.sizeBytes)})
      </Text>
    </li>
  ))
}

function Tables({ plan }: { readonly plan: RestorePlan }): ReactNode {
  return plan.tables.map((one) => (
    <li key={`${one.database} ${one.table}`}>
      <Text fw={600} className="wrap">
        Rows of {one.table}
      </Text>
      <Text size="sm" c="dimmed" className="wrap">
        {grouped(one.rowsNow)} now, {grouped(one.rowsInPoint)} in the point, in {one.database}.{" "}
        {one.referredBy.length === 0 ? "No other table refers to them." : `${one.referredBy.join(", ")} refers to them.`}
      </Text>
    </li>
  ))
}

function Lost({ plan }: { readonly plan: RestorePlan }): ReactNode {
  if (plan.rowsLost.length === 0) {
    return (
      <Note tone="good" title="No newer rows were found that would be lost.">
        Rows that were changed since then go back to what they were.
      </Note>
    )
  }
  const total = plan.rowsLost.reduce((sum, one) => sum + one.rows, 0)
  return (
    <Note tone="bad" title={`${grouped(total)} rows written since this point will be lost.`}>
      <Table mt="xs" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Table</Table.Th>
            <Table.Th ta="right">Rows lost</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {plan.rowsLost.map((one) => (
            <Table.Tr key={`${one.database} ${one.table}`}>
              <Table.Td className="mono wrap">
                {one.database}: {one.table}
              </Table.Td>
              <Table.Td ta="right">{grouped(one.rows)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Note>
  )
}
