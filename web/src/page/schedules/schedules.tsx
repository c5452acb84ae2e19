import { Group, Stack, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import type { SchedulesPage } from "../../../../src/contract/api/schedules.ts"
import { Instant } from "../../piece/instant.tsx"
import { Empty, Loaded, Page, Section } from "../../piece/layout.tsx"
import { ButtonLink, TextLink } from "../../piece/link.tsx"
import { SlotStatus } from "../../piece/slot-status.tsx"
import { Note, Status } from "../../piece/status.tsx"
import { useMay } from "../../wire/may.ts"
import { meQuery, schedulesQuery } from "../../wire/queries.ts"
import { rhythmWords } from "./cron.ts"

/** Every schedule of every app. */
export function Schedules(): ReactNode {
  const query = useQuery(meQuery)
  return (
    <Page title="Schedules" lead="What runs by itself, and when. It stands in the settings file, whose comments are kept.">
      <Loaded query={query}>
        {({ apps }) =>
          apps.length === 0 ? (
            <section className="card">
              <Empty title="There is no app yet.">Add one on the overview; then it can be scheduled here.</Empty>
            </section>
          ) : (
            <Stack gap="lg">
              {apps.map((app) => (
                <OfApp key={app} app={app} />
              ))}
            </Stack>
          )
        }
      </Loaded>
    </Page>
  )
}

function OfApp({ app }: { readonly app: string }): ReactNode {
  const query = useQuery(schedulesQuery(app))
  const mayEdit = useMay()("backup.manage", app) && query.data?.file.writable === true
  return (
    <Section
      title={app}
      tight
      actions={
        mayEdit ? (
          <>
            <ButtonLink size="xs" variant="default" to="/schedules/$app/$kind/$name" params={{ app, kind: "backup", name: "new" }}>
              Add backup
            </ButtonLink>
            <ButtonLink size="xs" variant="default" to="/schedules/$app/$kind/$name" params={{ app, kind: "drill", name: "new" }}>
              Add drill
            </ButtonLink>
          </>
        ) : undefined
      }
    >
      <Loaded query={query}>{(page) => <List page={page} mayEdit={mayEdit} />}</Loaded>
    </Section>
  )
}

function List({ page, mayEdit }: { readonly page: SchedulesPage; readonly mayEdit: boolean }): ReactNode {
  const { app, schedules, file } = page
  return (
    <>
      {file.writable ? null : (
        <div className="inset-note">
          <Note tone="warn" title="The settings file cannot be written here.">
            {file.why ?? "Change it where it comes from."}
          </Note>
        </div>
      )}
      {schedules.length === 0 ? (
        <Empty title="Nothing runs by itself yet.">Add a daily backup, and a monthly drill that proves it.</Empty>
      ) : null}
      <ul className="rows">
        {schedules.map((schedule) => (
          <li key={`${schedule.kind} ${schedule.name}`}>
            <Group justify="space-between" gap="xs">
              <Group gap="sm">
                {mayEdit ? (
                  <TextLink to="/schedules/$app/$kind/$name" params={{ app, kind: schedule.kind, name: schedule.name }} fw={600}>
                    {schedule.name}
                  </TextLink>
                ) : (
                  <Text fw={600}>{schedule.name}</Text>
                )}
                <span className="quiet">{schedule.kind}</span>
              </Group>
              {schedule.enabled ? <SlotStatus slot={schedule.lastSlot} /> : <Status tone="quiet">Off</Status>}
            </Group>
            <Group gap="md" className="quiet" mt={4}>
              <span>{rhythmWords(schedule.cron) ?? <span className="mono">{schedule.cron}</span>}</span>
              <span>{schedule.timezone}</span>
              {schedule.vault === null ? null : <span>to {schedule.vault}</span>}
              {schedule.copies.length === 0 ? null : <span>copies to {schedule.copies.join(", ")}</span>}
              {schedule.level === null ? null : <span>level {schedule.level}</span>}
              {schedule.nextRuns[0] === undefined || !schedule.enabled ? null : (
                <span>
                  next <Instant at={schedule.nextRuns[0]} />
                </span>
              )}
            </Group>
          </li>
        ))}
      </ul>
    </>
  )
}
