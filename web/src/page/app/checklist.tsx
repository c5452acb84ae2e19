import { Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { AppPage } from "../../../../src/contract/api/app.ts"
import { Icon } from "../../piece/icon.tsx"
import { Section } from "../../piece/layout.tsx"

/** The questions that every backup guide ends with, answered from evidence. */
export function Checklist({ answers }: { readonly answers: AppPage["status"]["checklist"] }): ReactNode {
  return (
    <Section title="Checklist" lead="Answered from evidence, not by ticking boxes.">
      <ul className="plain">
        {answers.map(({ ask, answer, evidence }) => (
          <li key={ask} className="line">
            <span className={answer ? "ink-good" : "ink-warn"}>
              <Icon name={answer ? "check" : "warn"} />
            </span>
            <div className="grow">
              <Text>
                {ask} <strong>{answer ? "Yes" : "No"}</strong>
              </Text>
              <Text size="sm" c="dimmed" className="wrap">
                {evidence}
              </Text>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  )
}
