import { Button, Stack } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useParams } from "@tanstack/react-router"
import { useEffect, type ReactNode } from "react"
import { cancelled, type OperationPage as OperationDocument } from "../../../../src/contract/api/operations.ts"
import { tellDone, tellProblem } from "../../piece/actions.tsx"
import { Instant } from "../../piece/instant.tsx"
import { Facts, Loaded, Page, Section } from "../../piece/layout.tsx"
import { ButtonLink, TextLink } from "../../piece/link.tsx"
import { useNow } from "../../piece/now.ts"
import { Status } from "../../piece/status.tsx"
import { ask } from "../../wire/ask.ts"
import { useOperationEvents } from "../../wire/live.ts"
import { useMay } from "../../wire/may.ts"
import { place } from "../../wire/place.ts"
import { operationQuery } from "../../wire/queries.ts"
import { operationSaying, operationWord } from "../../words/state.ts"
import { tookBetween } from "../../words/time.ts"
import { LiveLog } from "./live-log.tsx"
import { Outcome } from "./outcome.tsx"
import { LiveProgress, Steps } from "./steps.tsx"

/** One operation: live while it runs, afterwards what came of it, why it failed and what to do. */
export function OperationPage(): ReactNode {
  const { id } = useParams({ from: "/activity/$id" })
  const query = useQuery(operationQuery(id))
  const operation = query.data?.operation
  return (
    <Page
      title={operation === undefined ? "Operation" : `${operationWord(operation.kind)} of ${operation.app}`}
      above={
        <TextLink to="/activity" size="sm">
          Activity
        </TextLink>
      }
      actions={query.data === undefined ? undefined : <Actions page={query.data} />}
    >
      <Loaded query={query}>{(page) => <Content page={page} />}</Loaded>
    </Page>
  )
}

function Content({ page }: { readonly page: OperationDocument }): ReactNode {
  const { operation } = page
  const running = operation.status === "running"
  const now = useNow()
  const client = useQueryClient()
  const events = useOperationEvents(operation.id, running)
  const ended = events.at(-1)?.type === "end"
  useEffect(() => {
    if (ended) void client.invalidateQueries({ queryKey: ["operation", operation.id] })
  }, [client, ended, operation.id])
  const saying = operationSaying(operation)
  return (
    <Stack gap="lg">
      {running ? <LiveProgress events={events} /> : <Outcome page={page} />}
      <Section title="Run" actions={<Status tone={saying.tone}>{saying.text}</Status>}>
        <Facts
          of={[
            [
              "App",
              <TextLink key="app" to="/apps/$app" params={{ app: operation.app }}>
                {operation.app}
              </TextLink>,
            ],
            ["Began", <Instant key="began" at={operation.startedAt} />],
            [running ? "Runs for" : "Took", tookBetween(operation.startedAt, operation.finishedAt, now)],
            ["Started by", `${operation.holder.command} on ${operation.holder.host}`],
            [
              "Id",
              <span key="id" className="mono wrap">
                {operation.id}
              </span>,
            ],
          ]}
        />
      </Section>
      <Steps operation={operation} />
      <LiveLog events={events} operation={operation} />
    </Stack>
  )
}

function Actions({ page: { operation, undo } }: { readonly page: OperationDocument }): ReactNode {
  const may = useMay()
  const client = useQueryClient()
  const cancel = useMutation({
    mutationFn: async () => await ask(cancelled, place`/operations/${operation.id}/cancel`, { method: "POST", body: {} }),
    onSuccess: async ({ requested }) => {
      tellDone(requested ? "It is told to stop and leaves everything in order." : "It had ended already.")
      await client.invalidateQueries({ queryKey: ["operation", operation.id] })
    },
    onError: tellProblem,
  })
  const mayCancel = operation.status === "running" && may("backup.manage", operation.app)
  return (
    <>
      {mayCancel ? (
        <Button variant="default" disabled={operation.cancelRequested} loading={cancel.isPending} onClick={() => cancel.mutate()}>
          {operation.cancelRequested ? "Being cancelled" : "Cancel"}
        </Button>
      ) : null}
      {undo.available && may("restore", operation.app) ? (
        <ButtonLink to="/activity/$id/undo" params={{ id: operation.id }}>
          Undo…
        </ButtonLink>
      ) : null}
    </>
  )
}
