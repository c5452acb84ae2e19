import { ButtonLink, TextLink } from "../../piece/link.tsx"
import { Group, Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { AppPage } from "../../../../src/contract/api/app.ts"
import { Instant } from "../../piece/instant.tsx"
import { Empty, Section } from "../../piece/layout.tsx"
import { SlotStatus } from "../../piece/slot-status.tsx"
import { Status } from "../../piece/status.tsx"
import { useMay } from "../../wire/may.ts"

export function AppSchedules({ app, schedules }: { readonly app: string; readonly schedules: AppPage["schedules"] }): ReactNode {
  const mayEdit = useMay()("backup.manage", app)
  return (
    <Section
      title="Schedules"
      tight
      actions={
        <TextLink to="/schedules" size="sm">
          {mayEdit ? "Edit" : "All schedules"}
        </TextLink>
      }
    >
      {schedules.length === 0 ? (
        <Empty
          title="Nothing runs by itself yet."
          action={
            mayEdit ? (
              <ButtonLink variant="default" to="/schedules/$app/$kind/$name" params={{ app, kind: "backup", name: "new" }}>
                Add a schedule
              </ButtonLink>
            ) : undefined
          }
        />
      ) : (
        <ul className="rows rows-small">
          {schedules.map((schedule) => (
            <li key={`${schedule.kind} ${schedule.name}`}>
              <Group justify="space-between" gap="xs">
                <Text>
                  <strong>{schedule.name}</strong> <span className="quiet">{schedule.kind}</span>
                </Text>
                {schedule.enabled ? <SlotStatus slot={schedule.lastSlot} /> : <Status tone="quiet">Off</Status>}
              </Group>
              <Text size="sm" c="dimmed">
                <span className="mono">{schedule.cron}</span> {schedule.timezone}
                {schedule.nextRuns[0] === undefined ? null : (
                  <>
                    , next <Instant at={schedule.nextRuns[0]} />
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
