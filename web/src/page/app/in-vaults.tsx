import { Group, Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { AppPage } from "../../../../src/contract/api/app.ts"
import { formatBytes } from "../../../../src/contract/units.ts"
import { Instant } from "../../piece/instant.tsx"
import { Empty, Section } from "../../piece/layout.tsx"
import { Status } from "../../piece/status.tsx"
import { counted } from "../../words/count.ts"
import { proofSaying } from "../../words/state.ts"

export function InVaults({ vaults }: { readonly vaults: AppPage["vaults"] }): ReactNode {
  return (
    <Section title="In vaults" tight>
      {vaults.length === 0 ? (
        <Empty title="In no vault yet.">The first backup puts it there.</Empty>
      ) : (
        <ul className="rows rows-small">
          {vaults.map(({ vault, points, storedBytes, newest, proof }) => (
            <li key={vault}>
              <Group justify="space-between" gap="xs">
                <Text fw={600}>{vault}</Text>
                <Status tone={proofSaying(proof).tone}>{proofSaying(proof).text}</Status>
              </Group>
              <Text size="sm" c="dimmed">
                {counted(points, "point")}, {formatBytes(storedBytes)}
                {newest === null ? null : (
                  <>
                    , newest <Instant at={newest} />
                  </>
                )}
              </Text>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
