import { Checkbox, Stack } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useParams } from "@tanstack/react-router"
import { useState, type ReactNode } from "react"
import { plannedUpdate, type PlannedUpdate } from "../../../../src/contract/api/updates.ts"
import { ConfirmByName } from "../../piece/confirm-by-name.tsx"
import { Empty, Loaded, Page, Section } from "../../piece/layout.tsx"
import { ButtonLink, TextLink } from "../../piece/link.tsx"
import { ask } from "../../wire/ask.ts"
import { useMay } from "../../wire/may.ts"
import { place } from "../../wire/place.ts"
import { useBeginUpdate } from "./begin.ts"
import { PlanReview } from "./plan-review.tsx"

/** The plan of an update, and the last door before it. */
export function ApplyUpdate(): ReactNode {
  const { app } = useParams({ from: "/apps/$app/updates/apply" })
  const may = useMay()
  return (
    <Page
      title={`Update ${app}`}
      lead="This is what will happen. Nothing is touched before the update has passed its rehearsal on a copy of the data."
      above={
        <TextLink to="/apps/$app/updates" params={{ app }} size="sm">
          Updates of {app}
        </TextLink>
      }
    >
      {may("update.apply", app) ? (
        <Planned app={app} />
      ) : (
        <Empty title="Your account may not update this app.">Ask an owner for the role update.apply.</Empty>
      )}
    </Page>
  )
}

function Planned({ app }: { readonly app: string }): ReactNode {
  const query = useQuery({
    queryKey: ["update-plan", app],
    queryFn: async ({ signal }) => await ask(plannedUpdate, place`/apps/${app}/update-plan`, { method: "POST", body: {}, signal }),
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  })
  return <Loaded query={query}>{(planned) => <Review app={app} planned={planned} />}</Loaded>
}

function Review({ app, planned: { plan, planId } }: { readonly app: string; readonly planned: PlannedUpdate }): ReactNode {
  const begin = useBeginUpdate(app)
  const [again, setAgain] = useState(false)
  if (plan === null || planId === null) {
    return (
      <Empty
        title="Nothing newer is there."
        action={
          <TextLink to="/apps/$app/updates" params={{ app }}>
            Back
          </TextLink>
        }
      />
    )
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
            <ButtonLink variant="default" to="/apps/$app/updates" params={{ app }}>
              Back
            </ButtonLink>
          </ConfirmByName>
        </Stack>
      </Section>
    </Stack>
  )
}
