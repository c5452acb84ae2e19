import { Button, Checkbox, Group, Select, Stack } from "@mantine/core"
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

interface ChoosePartsProps {
  readonly app: string
  readonly page: PointPage
  readonly onPlanned: (plan: RestorePlan) => void
}

export function ChooseParts({ app, page, onPlanned }: ChoosePartsProps): ReactNode {
  const usual = page.parts.filter((part) => part.byDefault).map((part) => part.part)
  const [chosen, setChosen] = useState<string[]>(usual)
  const [vault, setVault] = useState(page.show.vault)
  const plan = useMutation({
    mutationFn: async (body: RestorePlanBody) =>
      await ask(restorePlan, place`/apps/${app}/points/${page.show.id}/restore-plan`, { method: "POST", body }),
    onSuccess: onPlanned,
  })
  const submit = (): void => {
    const isUsual = chosen.length === usual.length && usual.every((part) => chosen.includes(part))
    const images = chosen.some((part) => page.parts.some((one) => one.part === part && one.kind === "image"))
    plan.mutate({ only: isUsual ? null : chosen, vault, withImages: images })
  }
  return (
    <Section title="What to bring back">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <Stack gap="md">
          <Checkbox.Group value={chosen} onChange={setChosen} label="Parts" labelProps={{ className: "unseen" }}>
            <Stack gap="sm">
              {page.parts.map((part) => (
                <Checkbox
                  key={part.part}
                  value={part.part}
                  label={part.part}
                  description={`${part.what} (${formatBytes(part.sizeBytes)})`}
                />
              ))}
            </Stack>
          </Checkbox.Group>
          {page.copies.length < 2 ? null : (
            <Select
              label="From the vault"
              data={page.copies.map((copy) => copy.vault)}
              value={vault}
              onChange={(value) => setVault(value ?? page.show.vault)}
              allowDeselect={false}
              maw={280}
            />
          )}
          {plan.error === null ? null : <ProblemNote error={plan.error} title="No plan could be made." />}
          {plan.isPending ? (
            <Note tone="busy" live>
              The plan is being made: what is there now is counted and compared with the point.
            </Note>
          ) : null}
          <Group>
            <Button type="submit" loading={plan.isPending} disabled={chosen.length === 0}>
              Make the plan
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  )
}
