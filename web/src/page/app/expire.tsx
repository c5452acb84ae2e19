import { TextLink } from "../../piece/link.tsx"
import { Button, Group, Stack, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useParams } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { expirePlan, type ExpirePlan } from "../../../../src/contract/api/retention.ts"
import { formatBytes } from "../../../../src/contract/units.ts"
import { useBegin } from "../../piece/actions.tsx"
import { ConfirmByName } from "../../piece/confirm-by-name.tsx"
import { Instant } from "../../piece/instant.tsx"
import { Empty, Loaded, Page, Section } from "../../piece/layout.tsx"
import { Note } from "../../piece/status.tsx"
import { ask } from "../../wire/ask.ts"
import { place } from "../../wire/place.ts"
import { counted } from "../../words/count.ts"

/** Lets points go by the policy: shows which and why, then asks. */
export function Expire(): ReactNode {
  const { app } = useParams({ from: "/apps/$app/expire" })
  const query = useQuery({
    queryKey: ["app", app, "expire-plan"],
    queryFn: async ({ signal }) => await ask(expirePlan, place`/apps/${app}/expire-plan`, { method: "POST", body: {}, signal }),
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  })
  return (
    <Page
      title={`Expire points of ${app}`}
      lead="By what the settings say is kept. Pinned points stay."
      above={
        <TextLink to="/apps/$app" params={{ app }} size="sm">
          {app}
        </TextLink>
      }
    >
      <Loaded query={query}>{(plan) => <Plan app={app} plan={plan} again={() => void query.refetch()} />}</Loaded>
    </Page>
  )
}

function Plan({ app, plan, again }: { readonly app: string; readonly plan: ExpirePlan; readonly again: () => void }): ReactNode {
  const begin = useBegin()
  const going = plan.points.filter((point) => !point.keep)
  if (plan.idle)
    return (
      <Empty
        title="Nothing has to go."
        action={
          <TextLink to="/apps/$app" params={{ app }}>
            Back to {app}
          </TextLink>
        }
      />
    )
  return (
    <Stack gap="lg">
      <Note tone="warn" title={`${counted(going.length, "point")} will go from ${plan.vault}.`}>
        They cannot be brought back from there. At most {formatBytes(plan.storedBytes)} become free, because points share data.
      </Note>
      <Section title="Points that go" tight>
        <ul className="rows rows-small">
          {going.map((point) => (
            <li key={point.id}>
              <Group justify="space-between" gap="xs">
                <TextLink to="/apps/$app/points/$point" params={{ app, point: point.id }} className="mono">
                  {point.id}
                </TextLink>
                <Instant at={point.startedAt} />
              </Group>
              <Text size="sm" c="dimmed" className="wrap">
                {point.reasons.map((reason) => reason.text).join("; ")}
              </Text>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Confirm">
        <ConfirmByName
          app={app}
          action="Expire"
          pending={begin.isPending}
          onConfirm={(confirm) => begin.mutate({ path: place`/apps/${app}/expire`, body: { planId: plan.planId, confirm } })}
        >
          <Button variant="default" onClick={again}>
            Plan again
          </Button>
        </ConfirmByName>
      </Section>
    </Stack>
  )
}
