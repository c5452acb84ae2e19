import { TextLink } from "../piece/link.tsx"
import { type ErrorComponentProps } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { Empty, Page } from "../piece/layout.tsx"
import { ProblemNote } from "../piece/problem-note.tsx"

export function NotThere(): ReactNode {
  return (
    <Page title="Not here">
      <Empty title="There is no page at this address." action={<TextLink to="/">To the overview</TextLink>} />
    </Page>
  )
}

export function PageFailed({ error }: ErrorComponentProps): ReactNode {
  return (
    <Page title="This page failed">
      <ProblemNote error={error} />
    </Page>
  )
}
