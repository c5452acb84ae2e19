import { Progress, Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { OperationEvent, OperationPage } from "../../../../src/contract/api/operations.ts"
import { Icon } from "../../piece/icon.tsx"
import { Section } from "../../piece/layout.tsx"
import { capitalised } from "../../words/sentence.ts"
import { stepWord } from "../../words/state.ts"
import { amountWords, doneShare } from "./amount.ts"

/** The step that runs just now and how far it is; honest when that is not known. */
export function LiveProgress({ events }: { readonly events: readonly OperationEvent[] }): ReactNode {
  const step = events.findLast((event) => event.type === "step")
  const last = events.at(-1)
  const amount = last?.type === "amount" ? last.amount : null
  const share = amount === null ? null : doneShare(amount)
  return (
    <section className="card" aria-label="Progress">
      <Text fw={600} aria-live="polite">
        {step === undefined ? "Running" : capitalised(step.title)}
      </Text>
      {/* A bar says nothing where nobody knows how far it is; the words below do. */}
      <Progress mt="sm" size="lg" value={share ?? 100} striped={share === null} animated={share === null} aria-label="Progress" />
      <Text size="sm" c="dimmed" mt={6}>
        {amount === null ? "How far it is cannot be known in this step." : amountWords(amount)}
      </Text>
    </section>
  )
}

/** Each step that was journaled, as it happened. */
export function Steps({ operation }: { readonly operation: OperationPage["operation"] }): ReactNode {
  if (operation.steps.length === 0) return null
  const running = operation.status === "running"
  return (
    <Section title="Steps">
      <ol className="steps">
        {operation.steps.map(({ index, name, state }) => (
          <li key={index}>
            <StepIcon state={state} running={running} />
            <span>
              {stepWord(name)}
              <span className="unseen">: {state}</span>
            </span>
          </li>
        ))}
      </ol>
    </Section>
  )
}

function StepIcon({ state, running }: { readonly state: "started" | "done" | "failed"; readonly running: boolean }): ReactNode {
  if (state === "done")
    return (
      <span className="ink-good">
        <Icon name="check" />
      </span>
    )
  if (state === "failed")
    return (
      <span className="ink-bad">
        <Icon name="cross" />
      </span>
    )
  return running ? (
    <span className="ink-busy">
      <Icon name="busy" spinning />
    </span>
  ) : (
    <span className="ink-warn">
      <Icon name="warn" />
    </span>
  )
}
