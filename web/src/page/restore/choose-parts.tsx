import { Button, Checkbox, Group, MultiSelect, Select, Stack } from "@mantine/core"
import { useMutation } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import type { PointPage } from "../../../../src/contract/api/points.ts"
import { restorePlan, type RestorePlan, type RestorePlanBody } from "../../../../src/contract/api/restore.ts"
import { formatBytes } from "../../../../src/contract/units.ts"
import { Section } from "../../piece/layout.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { Note } from "../../piece/status.tsx"
import { ask } from "../../wire/ask.ts"
import { place } from "../../wire/place.ts"
import { bodyOf, draftOf, tableChoices } from "./draft.ts"

interface ChoosePartsProps {
  readonly app: string
  readonly page: PointPage
  readonly onPlanned: (plan: RestorePlan) => void
}

export function ChooseParts({ app, page, onPlanned }: ChoosePartsProps): ReactNode {
  const [draft, setDraft] = useState(() => draftOf(page))
  const change = (part: Partial<typeof draft>): void => setDraft((old) => ({ ...old, ...part }))
  const tables = tableChoices(page.parts)
  const byTables = draft.tables.length > 0
  const plan = useMutation({
    mutationFn: async (body: RestorePlanBody) =>
      await ask(restorePlan, place`/apps/${app}/points/${page.show.id}/restore-plan`, { method: "POST", body }),
    onSuccess: onPlanned,
  })
  return (
    <Section title="What to bring back">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          plan.mutate(bodyOf(draft, page.parts))
        }}
      >
        <Stack gap="md">
          <Checkbox.Group
            value={[...draft.parts]}
            onChange={(parts) => change({ parts })}
            label="Parts"
            labelProps={{ className: "unseen" }}
          >
            <Stack gap="sm">
              {page.parts.map((part) => (
                <Checkbox
                  key={part.part}
                  value={part.part}
                  disabled={byTables}
                  label={part.part}
                  description={`${part.what} (${formatBytes(part.sizeBytes)})`}
                />
              ))}
            </Stack>
          </Checkbox.Group>
          {tables.length === 0 ? null : (
            <MultiSelect
              label="Only these tables"
              description="Left empty: the parts above. Else only their rows go back, and everything else stays as it is."
              data={tables}
              value={[...draft.tables]}
              onChange={(chosen) => change({ tables: chosen })}
              searchable
              clearable
              maw={560}
            />
          )}
          {page.copies.length < 2 ? null : (
            <Select
              label="From the vault"
              data={page.copies.map((copy) => copy.vault)}
              value={draft.vault}
              onChange={(value) => change({ vault: value ?? page.show.vault })}
              allowDeselect={false}
              maw={280}
            />
          )}
          {page.show.proofs.some((proof) => proof.level !== "sealed") ? null : (
            <Checkbox
              label="Do not read it back first"
              description="It was never read back. Whether it can be read would then show while it is restored."
              checked={draft.unproven}
              onChange={(event) => change({ unproven: event.currentTarget.checked })}
            />
          )}
          {plan.error === null ? null : <ProblemNote error={plan.error} title="No plan could be made." />}
          {plan.isPending ? (
            <Note tone="busy" live>
              The plan is being made: what is there now is counted and compared with the point.
            </Note>
          ) : null}
          <Group>
            <Button type="submit" loading={plan.isPending} disabled={draft.parts.length === 0 && !byTables}>
              Make the plan
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  )
}
