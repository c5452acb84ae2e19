import { useEffect, useRef, type ReactNode } from "react"
import type { OperationEvent, OperationPage } from "../../../../src/contract/api/operations.ts"
import { Section } from "../../piece/layout.tsx"
import { stepWord } from "../../words/state.ts"

interface LiveLogProps {
  readonly events: readonly OperationEvent[]
  readonly operation: OperationPage["operation"]
}

/** What it said, line by line: live while it runs, else from its journal. */
export function LiveLog({ events, operation }: LiveLogProps): ReactNode {
  const lines =
    events.length > 0 ? events.flatMap(lineOf) : operation.steps.map((step) => `${clock(step.at)}  ${stepWord(step.name)}: ${step.state}`)
  const box = useRef<HTMLPreElement>(null)
  const { length } = lines
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [length])
  if (lines.length === 0) return null
  return (
    <Section title="Log">
      <pre className="log" ref={box} tabIndex={0} aria-label="Log">
        {lines.join("\n")}
      </pre>
    </Section>
  )
}

function lineOf(event: OperationEvent): readonly string[] {
  if (event.type === "amount") return []
  if (event.type === "end")
    return [`${clock(event.at)}  ended: ${event.outcome ?? "unknown how"}${event.message === null ? "" : `: ${event.message}`}`]
  return [`${clock(event.at)}  ${event.type === "step" ? event.title : event.type === "warn" ? `warning: ${event.text}` : event.text}`]
}

function clock(at: string): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at))
}
