import { Text } from "@mantine/core"
import type { ReactNode } from "react"
import { problemOf } from "../wire/problem.ts"
import { Note } from "./status.tsx"

/** What failed, why, and what to do, in the words of the error catalog. */
export function ProblemNote({ error, title }: { readonly error: unknown; readonly title?: string }): ReactNode {
  const { what, why, hint, code } = problemOf(error)
  return (
    <Note tone="bad" title={title ?? sentence(what)} live>
      {title === undefined ? null : <p>{sentence(what)}</p>}
      {why === null ? null : <p>{why}</p>}
      <p>{hint}</p>
      <Text size="xs" c="dimmed" className="mono">
        {code}
      </Text>
    </Note>
  )
}

function sentence(what: string): string {
  const text = `${what.charAt(0).toUpperCase()}${what.slice(1)}`
  return /[.!?]$/.test(text) ? text : `${text}.`
}
