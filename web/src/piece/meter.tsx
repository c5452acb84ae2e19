import { Progress, Text } from "@mantine/core"
import type { ReactNode } from "react"
import { formatBytes } from "../../../src/contract/units.ts"

/** An alarm goes off at this share too. */
const FULL_PERCENT = 80

/** How full a disk is, in words and as a bar. */
export function Meter({ used, total, label }: { readonly used: number; readonly total: number; readonly label: string }): ReactNode {
  const percent = Math.round((used / total) * 100)
  const full = percent > FULL_PERCENT
  return (
    <div className="meter">
      <Progress.Root size="sm">
        <Progress.Section value={percent} color={full ? "red.8" : "tide"} aria-label={label} />
      </Progress.Root>
      <Text size="sm" c="dimmed" mt={4}>
        {formatBytes(total - used)} free of {formatBytes(total)}
        {full ? `, ${percent} % full` : ""}
      </Text>
    </div>
  )
}
