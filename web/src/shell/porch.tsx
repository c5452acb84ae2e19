import { Group, Stack, Text, Title } from "@mantine/core"
import { useDocumentTitle } from "@mantine/hooks"
import type { ReactNode } from "react"
import { Logo } from "./logo.tsx"

/** What is seen before signing in: one card in the middle. */
export function Porch({
  title,
  lead,
  children,
}: {
  readonly title: string
  readonly lead?: ReactNode
  readonly children: ReactNode
}): ReactNode {
  useDocumentTitle(`${title} · Holdfast`)
  return (
    <main className="porch">
      <Stack gap="lg" className="porch-card">
        <Group gap="xs">
          <Logo />
          <Text fw={700} size="lg">
            Holdfast
          </Text>
        </Group>
        <div className="card">
          <Stack gap="md">
            <div>
              <Title order={1} size="h3">
                {title}
              </Title>
              {lead === undefined ? null : (
                <Text c="dimmed" mt={4}>
                  {lead}
                </Text>
              )}
            </div>
            {children}
          </Stack>
        </div>
      </Stack>
    </main>
  )
}
