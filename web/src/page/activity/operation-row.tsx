import { Group, Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { ListedOperation } from "../../../../src/contract/api/operations.ts"
import { Instant } from "../../piece/instant.tsx"
import { TextLink } from "../../piece/link.tsx"
import { useNow } from "../../piece/now.ts"
import { Status } from "../../piece/status.tsx"
import { operationSaying, operationWord } from "../../words/state.ts"
import { tookBetween } from "../../words/time.ts"

export function OperationRow({ operation }: { readonly operation: ListedOperation }): ReactNode {
  const now = useNow()
  const saying = operationSaying(operation)
  return (
    <li className="linked">
      <Group justify="space-between" gap="xs">
        <Text className="wrap">
          <TextLink to="/activity/$id" params={{ id: operation.id }} fw={600}>
            {operationWord(operation.kind)} of {operation.app}
          </TextLink>
        </Text>
        <Status tone={saying.tone}>{saying.text}</Status>
      </Group>
      <Group gap="md" className="quiet" mt={2}>
        <Instant at={operation.startedAt} />
        <span>
          {operation.finishedAt === null ? "for" : "took"} {tookBetween(operation.startedAt, operation.finishedAt, now)}
        </span>
        <span className="wrap">{operation.holder.command}</span>
      </Group>
      {operation.message === null || operation.outcome === "succeeded" ? null : (
        <Text size="sm" mt={4} className="wrap">
          {operation.message}
        </Text>
      )}
    </li>
  )
}
