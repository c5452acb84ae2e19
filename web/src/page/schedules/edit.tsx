import { useQuery } from "@tanstack/react-query"
import { useParams } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { Empty, Loaded, Page } from "../../piece/layout.tsx"
import { TextLink } from "../../piece/link.tsx"
import { schedulesQuery } from "../../wire/queries.ts"
import { draftOf, newDraft } from "./draft.ts"
import { ScheduleForm } from "./schedule-form.tsx"

/** One schedule: a form over the settings file, with what it would do beside it. */
export function EditSchedule(): ReactNode {
  const { app, kind: wanted, name } = useParams({ from: "/schedules/$app/$kind/$name" })
  const kind = wanted === "drill" ? "drill" : "backup"
  const query = useQuery(schedulesQuery(app))
  const fresh = name === "new"
  return (
    <Page
      title={fresh ? `New ${kind} schedule of ${app}` : `${name}, ${kind} of ${app}`}
      above={
        <TextLink to="/schedules" size="sm">
          Schedules
        </TextLink>
      }
    >
      <Loaded query={query}>
        {(page) => {
          if (fresh)
            return (
              <ScheduleForm key="new" page={page} stored={null} start={newDraft(kind, Intl.DateTimeFormat().resolvedOptions().timeZone)} />
            )
          const found = page.schedules.find((one) => one.kind === kind && one.name === name)
          if (found === undefined) return <Empty title="There is no such schedule any more." />
          return <ScheduleForm key={page.file.digest} page={page} stored={draftOf(found)} start={draftOf(found)} />
        }}
      </Loaded>
    </Page>
  )
}
