import { Checkbox, Stack } from "@mantine/core"
import { useParams } from "@tanstack/react-router"
import { useState, type ReactNode } from "react"
import { plannedUpdate, type PlannedUpdate } from "../../../../src/contract/api/updates.ts"
import { ConfirmByName } from "../../piece/confirm-by-name.tsx"
import { Empty, Section } from "../../piece/layout.tsx"
import { place } from "../../wire/place.ts"
import { useBeginUpdate } from "./begin.ts"
import { PlanReview } from "./plan-review.tsx"
import { BackToUpdates, PlannedPage } from "./planned-page.tsx"

/** The plan of an update, and the last door before it. */
export function ApplyUpdate(): ReactNode {
  const { app } = useParams({ from: "/apps/$app/updates/apply" })
  return (
    <PlannedPage
      app={app}
      title={`Update ${app}`}
      lead="This is what will happen. Nothing is touched before the update has passed its rehearsal on a copy of the data."
      refused="Your account may not update this app."
      path={place`/apps/${app}/update-plan`}
      schema={plannedUpdate}
    >
      {(planned) => <Review app={app} planned={planned} />}
    </PlannedPage>
  )
}

function Review({ app, planned: { plan, planId } }: { readonly app: string; readonly planned: PlannedUpdate }): ReactNode {
  const begin = useBeginUpdate(app)
  const [again, setAgain] = useState(false)
  if (plan === null || planId === null) {
    return <Empty title="Nothing newer is there." action={<BackToUpdates app={app} />} />
  }
  return (
    <Stack gap="lg">
      <PlanReview plan={plan} />
      <Section title="Confirm">
        <Stack gap="md">
          {plan.rehearsal?.passed === false ? (
            <Checkbox
              label="Although it failed here before"
              description="It is rehearsed again; if that fails, the app stays as it is."
              checked={again}
              onChange={(event) => setAgain(event.currentTarget.checked)}
            />
          ) : null}
          <ConfirmByName
            app={app}
            action="Apply"
            pending={begin.isPending}
            onConfirm={(confirm) => begin.mutate({ path: place`/apps/${app}/update`, body: { planId, confirm, again } })}
          >
            <BackToUpdates app={app} />
          </ConfirmByName>
        </Stack>
      </Section>
    </Stack>
  )
}
