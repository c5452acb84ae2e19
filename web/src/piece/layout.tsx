import { Group, Skeleton, Stack, Text, Title } from "@mantine/core"
import { useDocumentTitle } from "@mantine/hooks"
import type { UseQueryResult } from "@tanstack/react-query"
import { useId, type ReactNode } from "react"
import { ProblemNote } from "./problem-note.tsx"

interface PageProps {
  readonly title: string
  readonly lead?: ReactNode
  readonly above?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** One page: its heading, what can be done on it, and its content. */
export function Page({ title, lead, above, actions, children }: PageProps): ReactNode {
  useDocumentTitle(`${title} · Holdfast`)
  return (
    <Stack gap="lg">
      <div>
        {above === undefined ? null : <div className="above">{above}</div>}
        <Group justify="space-between" align="flex-start" gap="sm">
          <Title order={1} size="h2" className="wrap">
            {title}
          </Title>
          {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
        </Group>
        {lead === undefined ? null : (
          <Text component="div" c="dimmed" mt={4}>
            {lead}
          </Text>
        )}
      </div>
      {children}
    </Stack>
  )
}

interface SectionProps {
  readonly title: string
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** Rows reach the edges. */
  readonly tight?: boolean
}

export function Section({ title, lead, actions, children, tight = false }: SectionProps): ReactNode {
  const id = useId()
  return (
    <section className={tight ? "card card-tight" : "card"} aria-labelledby={id}>
      <div className="card-head">
        <Group justify="space-between" gap="sm" mb={tight ? 0 : "sm"}>
          <Title order={2} size="h4" id={id}>
            {title}
          </Title>
          {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
        </Group>
        {lead === undefined ? null : (
          <Text size="sm" c="dimmed" mb={tight ? 0 : "sm"}>
            {lead}
          </Text>
        )}
      </div>
      {children}
    </section>
  )
}

/** Nothing here yet, and what to do about it. */
export function Empty({
  title,
  children,
  action,
}: {
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
}): ReactNode {
  return (
    <Stack gap="xs" align="center" py="xl" px="md" ta="center">
      <Text fw={600}>{title}</Text>
      {children === undefined ? null : (
        <Text c="dimmed" maw={460}>
          {children}
        </Text>
      )}
      {action}
    </Stack>
  )
}

/** Shows what was asked for, or that it is on its way, or why it did not come; old content stays while it is asked again. */
export function Loaded<Data>({
  query,
  children,
}: {
  readonly query: UseQueryResult<Data>
  readonly children: (data: Data) => ReactNode
}): ReactNode {
  if (query.data !== undefined) return children(query.data)
  if (query.isError) return <ProblemNote error={query.error} />
  return (
    <Stack gap="sm" role="status" aria-busy="true" aria-label="Loading">
      <Skeleton height={64} radius="md" />
      <Skeleton height={64} radius="md" />
      <Skeleton height={64} radius="md" />
    </Stack>
  )
}

/** Names and values, one under the other. */
export function Facts({ of }: { readonly of: readonly (readonly [name: string, value: ReactNode])[] }): ReactNode {
  return (
    <dl className="facts">
      {of.map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
