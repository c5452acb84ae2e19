import { Group, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useParams } from "@tanstack/react-router"
import { useState, type ReactNode } from "react"
import type { RestorePlan } from "../../../../src/contract/api/restore.ts"
import { Empty, Loaded, Page } from "../../piece/layout.tsx"
import { TextLink } from "../../piece/link.tsx"
import { useMay } from "../../wire/may.ts"
import { pointQuery } from "../../wire/queries.ts"
import { ChooseParts } from "./choose-parts.tsx"
import { PlanReview } from "./plan-review.tsx"

/** Restore in place, in three steps: what of it, what it will do, and the confirmation; then it is shown live. */
export function Restore(): ReactNode {
  const { app, point } = useParams({ from: "/apps/$app/points/$point/restore" })
  const query = useQuery(pointQuery(app, point, undefined))
  const [plan, setPlan] = useState<RestorePlan | null>(null)
  const may = useMay()
  return (
    <Page
      title={`Restore ${app}`}
      lead={
        plan === null
          ? "First a plan is made. Nothing is touched until you confirm it."
          : "This is what will happen. Read what will be lost, then confirm."
      }
      above={
        <Group gap={6}>
          <TextLink to="/apps/$app" params={{ app }} size="sm">
            {app}
          </TextLink>
          <Text size="sm" c="dimmed" aria-hidden>
            /
          </Text>
          <TextLink to="/apps/$app/points/$point" params={{ app, point }} size="sm">
            {point}
          </TextLink>
        </Group>
      }
    >
      {may("restore", app) ? (
        <Loaded query={query}>
          {(page) =>
            plan === null ? (
              <ChooseParts app={app} page={page} onPlanned={setPlan} />
            ) : (
              <PlanReview plan={plan} onBack={() => setPlan(null)} />
            )
          }
        </Loaded>
      ) : (
        <Empty title="Your account may not restore this app.">Ask an owner for the role restore.</Empty>
      )}
    </Page>
  )
}
