import { Group, Stack, Text } from "@mantine/core"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useEffect, type ReactNode } from "react"
import type { ListedOperation } from "../../../../src/contract/api/operations.ts"
import { useNow } from "../../piece/now.ts"
import { TextLink } from "../../piece/link.tsx"
import { useOperationEvents } from "../../wire/live.ts"
import { operationQuery } from "../../wire/queries.ts"
import { tookBetween } from "../../words/time.ts"
import { LiveProgress, Steps } from "../activity/steps.tsx"
import { runningWord } from "./standing.ts"

/** What happens just now, step by step. A rehearsal ends and the update follows it: then the page says which runs. */
export function Running({ operation }: { readonly operation: ListedOperation }): ReactNode {
  const { id, app, kind, startedAt } = operation
  const now = useNow()
  const client = useQueryClient()
  const query = useQuery(operationQuery(id))
  const events = useOperationEvents(id, true)
  const over = events.at(-1)?.type === "end" || query.data?.operation.status === "finished"
  useEffect(() => {
    if (over) void client.invalidateQueries({ queryKey: ["app", app] })
  }, [app, client, over])
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="xs">
        <Text fw={650} role="status">
          {runningWord(kind)} {app}
        </Text>
        <Group gap="md" className="quiet">
          <span>for {tookBetween(startedAt, null, now)}</span>
          <TextLink to="/activity/$id" params={{ id }} size="sm">
            Log
          </TextLink>
        </Group>
      </Group>
      <LiveProgress events={events} />
      {query.data === undefined ? null : <Steps operation={query.data.operation} />}
    </Stack>
  )
}
