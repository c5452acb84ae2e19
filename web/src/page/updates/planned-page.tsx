import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import type { z } from "zod"
import { Empty, Loaded, Page } from "../../piece/layout.tsx"
import { ButtonLink, TextLink } from "../../piece/link.tsx"
import { ask } from "../../wire/ask.ts"
import { useMay } from "../../wire/may.ts"

interface PlannedPageProps<Schema extends z.ZodType> {
  readonly app: string
  readonly title: string
  readonly lead: string
  /** Said to whoever may not do it. */
  readonly refused: string
  /** Where the plan is asked for, once. */
  readonly path: string
  /** Sent with it; another one asks anew. */
  readonly body?: object
  readonly schema: Schema
  /** In the place of the plan where there is none; the refusal alone unless given. */
  readonly problem?: (error: Error) => ReactNode
  readonly children: (planned: z.output<Schema>) => ReactNode
}

/** The last page before an app is changed: what will happen, to those who may do it. */
export function PlannedPage<Schema extends z.ZodType>({
  app,
  title,
  lead,
  refused,
  children,
  ...plan
}: PlannedPageProps<Schema>): ReactNode {
  const may = useMay()
  return (
    <Page
      title={title}
      lead={lead}
      above={
        <TextLink to="/apps/$app/updates" params={{ app }} size="sm">
          Updates of {app}
        </TextLink>
      }
    >
      {may("update.apply", app) ? (
        <Planned {...plan}>{children}</Planned>
      ) : (
        <Empty title={refused}>Ask an owner for the role update.apply.</Empty>
      )}
    </Page>
  )
}

function Planned<Schema extends z.ZodType>({
  path,
  body = {},
  schema,
  problem,
  children,
}: Pick<PlannedPageProps<Schema>, "path" | "body" | "schema" | "problem" | "children">): ReactNode {
  const query = useQuery({
    queryKey: ["planned", path, body],
    queryFn: async ({ signal }) => await ask(schema, path, { method: "POST", body, signal }),
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  })
  if (query.isError && problem !== undefined) return problem(query.error)
  return <Loaded query={query}>{children}</Loaded>
}

/** Away from the door. */
export function BackToUpdates({ app }: { readonly app: string }): ReactNode {
  return (
    <ButtonLink variant="default" to="/apps/$app/updates" params={{ app }}>
      Back
    </ButtonLink>
  )
}
