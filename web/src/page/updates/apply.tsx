import { Stack } from "@mantine/core"
import { useParams } from "@tanstack/react-router"
import { useState, type ReactNode } from "react"
import { plannedUpdate, type PlannedUpdate } from "../../../../src/contract/api/updates.ts"
import { ConfirmByName } from "../../piece/confirm-by-name.tsx"
import { Empty, Section } from "../../piece/layout.tsx"
import { place } from "../../wire/place.ts"
import { useBeginUpdate } from "./begin.ts"
import { PlanReview } from "./plan-review.tsx"
import { BackToUpdates, PlannedPage } from "./planned-page.tsx"
import { NO_CHOICES, RefusedPlan } from "./refused-plan.tsx"

/** The plan of an update, and the last door before it. */
export function ApplyUpdate(): ReactNode {
  const { app } = useParams({ from: "/apps/$app/updates/apply" })
  const [choices, setChoices] = useState(NO_CHOICES)
  return (
    <PlannedPage
      app={app}
      title={`Update ${app}`}
      lead="This is what will happen. Nothing is touched before the update has passed its rehearsal on a copy of the data."
      refused="Your account may not update this app."
      path={place`/apps/${app}/update-plan`}
      body={choices}
      schema={plannedUpdate}
      problem={(error) => <RefusedPlan error={error} onChoose={(chosen) => setChoices({ ...choices, ...chosen })} />}
    >
      {(planned) => <Review app={app} planned={planned} />}
    </PlannedPage>
  )
}

function Review({ app, planned: { plan, planId } }: { readonly app: string; readonly planned: PlannedUpdate }): ReactNode {
  const begin = useBeginUpdate(app)
  if (plan === null || planId === null) {
    return <Empty title="Nothing newer is there." action={<BackToUpdates app={app} />} />
  }
  return (
    <Stack gap="lg">
      <PlanReview plan={plan} />
      <Section title="Confirm">
        <ConfirmByName
          app={app}
          action="Apply"
          pending={begin.isPending}
          onConfirm={(confirm) => begin.mutate({ path: place`/apps/${app}/update`, body: { planId, confirm } })}
        >
          <BackToUpdates app={app} />
        </ConfirmByName>
      </Section>
    </Stack>
  )
}
