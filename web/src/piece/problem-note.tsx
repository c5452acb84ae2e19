import { Text } from "@mantine/core"
import type { ReactNode } from "react"
import { problemOf } from "../wire/problem.ts"
import { sentence } from "../words/sentence.ts"
import { Note } from "./status.tsx"

/** What failed, why, and what to do, in the words of the error catalog. */
export function ProblemNote({ error, title }: { readonly error: unknown; readonly title?: string }): ReactNode {
  const { what, why, hint, code } = problemOf(error)
  return (
    <Note tone="bad" title={title ?? sentence(what)} live>
      {title === undefined ? null : <p>{sentence(what)}</p>}
      {why === null ? null : <p>{sentence(why)}</p>}
      <p>{hint}</p>
      <Text size="xs" c="dimmed" className="mono">
        {code}
      </Text>
    </Note>
  )
}
