import { TextLink } from "../../piece/link.tsx"
import { Group, Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { VaultSpace } from "../../../../src/contract/api/overview.ts"
import type { NextRun } from "../../../../src/contract/api/shapes.ts"
import { formatBytes } from "../../../../src/contract/units.ts"
import { Instant } from "../../piece/instant.tsx"
import { Empty } from "../../piece/layout.tsx"
import { Meter } from "../../piece/meter.tsx"
import { counted } from "../../words/count.ts"

const SHOWN = 6

export function NextRuns({ runs }: { readonly runs: readonly NextRun[] }): ReactNode {
  if (runs.length === 0) return <Empty title="Nothing is scheduled.">Open Schedules and give each app a backup and a drill.</Empty>
  return (
    <ul className="rows rows-small">
      {runs.slice(0, SHOWN).map((run) => (
        <li key={`${run.app} ${run.kind} ${run.schedule}`}>
          <Group justify="space-between" gap="xs" wrap="nowrap">
            <Text className="wrap">
              <TextLink to="/apps/$app" params={{ app: run.app }} underline="always">
                {run.app}
              </TextLink>{" "}
              <Text span c="dimmed">
                {run.kind} ({run.schedule})
              </Text>
            </Text>
            <Instant at={run.at} />
          </Group>
        </li>
      ))}
    </ul>
  )
}

export function Space({ vaults }: { readonly vaults: readonly VaultSpace[] }): ReactNode {
  if (vaults.length === 0) return <Empty title="There is no vault yet.">Add one: a folder, a disk or another machine.</Empty>
  return (
    <ul className="rows rows-small">
      {vaults.map((vault) => (
        <li key={vault.vault}>
          <Group justify="space-between" gap="xs">
            <Text fw={600}>{vault.vault}</Text>
            <Text size="sm" c="dimmed">
              {formatBytes(vault.storedBytes)} in {counted(vault.points, "point")}
            </Text>
          </Group>
          {vault.freeBytes === null || vault.totalBytes === null || vault.totalBytes === 0 ? null : (
            <Meter used={vault.totalBytes - vault.freeBytes} total={vault.totalBytes} label={`Disk of ${vault.vault}`} />
          )}
        </li>
      ))}
    </ul>
  )
}
