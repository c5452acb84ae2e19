import { TextLink } from "./link.tsx"
import { Tooltip } from "@mantine/core"
import type { ReactNode } from "react"
import type { Slot } from "../../../src/contract/api/shapes.ts"
import { outcomeSaying } from "../words/state.ts"
import { Status } from "./status.tsx"

/** What became of the last slot; a schedule that never had one is not yet proven. */
export function SlotStatus({ slot }: { readonly slot: Slot | null }): ReactNode {
  if (slot === null) return <Status tone="quiet">Not yet proven</Status>
  const { tone, text } = outcomeSaying(slot.outcome)
  const why = [slot.reason, slot.missed === 0 ? null : `${slot.missed} earlier missed`].filter((part) => part !== null).join("; ")
  const status = <Status tone={tone}>{slot.missed === 0 ? text : `${text}, ${slot.missed} missed`}</Status>
  const linked =
    slot.operationId === null ? (
      <span>{status}</span>
    ) : (
      <TextLink to="/activity/$id" params={{ id: slot.operationId }} underline="never">
        {status}
      </TextLink>
    )
  return why === "" ? linked : <Tooltip label={why}>{linked}</Tooltip>
}
