import { Stack } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useParams } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { undoPlan, type UndoPlan } from "../../../../src/contract/api/restore.ts"
import { useBegin } from "../../piece/actions.tsx"
import { ConfirmByName } from "../../piece/confirm-by-name.tsx"
import { Instant } from "../../piece/instant.tsx"
import { Loaded, Page, Section } from "../../piece/layout.tsx"
import { ButtonLink, TextLink } from "../../piece/link.tsx"
import { Note } from "../../piece/status.tsx"
import { ask } from "../../wire/ask.ts"
import { place } from "../../wire/place.ts"

/** Swaps back what a restore replaced, while it is kept. */
export function Undo(): ReactNode {
  const { id } = useParams({ from: "/activity/$id/undo" })
  const query = useQuery({
    queryKey: ["undo-plan", id],
    queryFn: async ({ signal }) => await ask(undoPlan, place`/operations/${id}/undo-plan`, { method: "POST", body: {}, signal }),
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
  })
  return (
    <Page
      title={query.data === undefined ? "Undo a restore" : `Undo the restore of ${query.data.app}`}
      above={
        <TextLink to="/activity/$id" params={{ id }} size="sm">
          The restore
        </TextLink>
      }
    >
      <Loaded query={query}>{(plan) => <Plan id={id} plan={plan} />}</Loaded>
    </Page>
  )
}

function Plan({ id, plan }: { readonly id: string; readonly plan: UndoPlan }): ReactNode {
  const begin = useBegin()
  return (
    <Stack gap="lg">
      <Note tone="warn" title="What was written since the restore is swapped away.">
        <p>
          The state from before the restore of {plan.point} comes back. It is kept until <Instant at={plan.keptUntil} />.
        </p>
      </Note>
      <Section title="The plan">
        <pre className="log">{plan.lines.join("\n")}</pre>
      </Section>
      <Section title="Confirm">
        <ConfirmByName
          app={plan.app}
          action="Undo"
          pending={begin.isPending}
          onConfirm={(confirm) => begin.mutate({ path: place`/operations/${id}/undo`, body: { planId: plan.planId, confirm } })}
        >
          <ButtonLink variant="default" to="/activity/$id" params={{ id }}>
            Back
          </ButtonLink>
        </ConfirmByName>
      </Section>
    </Stack>
  )
}
