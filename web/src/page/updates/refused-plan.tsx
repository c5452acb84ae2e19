import { Button, Stack, Text } from "@mantine/core"
import type { ReactNode } from "react"
import { Section } from "../../piece/layout.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { problemOf } from "../../wire/problem.ts"

/** What somebody decides although the guard says no. */
export interface Choices {
  readonly again: boolean
  readonly acceptDrift: boolean
}

export const NO_CHOICES: Choices = { again: false, acceptDrift: false }

interface Choice {
  readonly action: string
  readonly meaning: string
  readonly chosen: Partial<Choices>
}

/** What the guard refuses, and a person may decide otherwise. */
const CHOICES: Readonly<Record<string, Choice>> = {
  UPDATE_FAILED_BEFORE: {
    action: "Plan it again all the same",
    meaning: "Worth it once the cause is gone. It is rehearsed again first; if that fails, the app stays as it is.",
    chosen: { again: true },
  },
  DRIFT_FOUND: {
    action: "Accept these differences",
    meaning: "What the update makes anew is made as the files say, and so is what a rollback brings back; the differences are lost.",
    chosen: { acceptDrift: true },
  },
}

/** Why there is no plan, and what may be decided about it; the plan then says what that means. */
export function RefusedPlan({
  error,
  onChoose,
}: {
  readonly error: unknown
  readonly onChoose: (chosen: Partial<Choices>) => void
}): ReactNode {
  const choice = CHOICES[problemOf(error).code]
  return (
    <Stack gap="lg">
      <ProblemNote error={error} />
      {choice === undefined ? null : (
        <Section title="Decide otherwise">
          <Stack gap="md" align="flex-start">
            <Text size="sm">{choice.meaning}</Text>
            <Button variant="default" onClick={() => onChoose(choice.chosen)}>
              {choice.action}
            </Button>
          </Stack>
        </Section>
      )}
    </Stack>
  )
}
