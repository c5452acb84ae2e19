import { Tooltip } from "@mantine/core"
import type { ReactNode } from "react"
import { exactTime, relativeTime } from "../words/time.ts"
import { useNow } from "./now.ts"

/** A relative time; the exact one is shown on hover and on focus, and is what a screen reader finds in `datetime`. */
export function Instant({ at }: { readonly at: string }): ReactNode {
  const now = useNow()
  const instant = new Date(at)
  return (
    <Tooltip label={exactTime(instant)}>
      <time dateTime={at} className="nowrap">
        {relativeTime(instant, now)}
      </time>
    </Tooltip>
  )
}
