import { Text } from "@mantine/core"
import type { ReactNode } from "react"
import { Area, AreaChart, ResponsiveContainer, YAxis } from "recharts"
import type { Vault } from "../../../../src/contract/api/vaults.ts"
import { formatBytes } from "../../../../src/contract/units.ts"
import { areaLine } from "../../piece/area-line.ts"

/** How much points have added, day by day. */
export function Growth({ growth }: { readonly growth: Vault["growth"] }): ReactNode {
  const first = growth[0]
  const last = growth.at(-1)
  if (first === undefined || last === undefined) return null
  return (
    <div className="growth">
      <div aria-hidden="true">
        <ResponsiveContainer width="100%" height={72}>
          <AreaChart data={[...growth]} margin={{ top: 6, right: 0, bottom: 0, left: 0 }} accessibilityLayer={false}>
            <YAxis hide domain={[0, "dataMax"]} />
            <Area dataKey="storedBytes" {...areaLine} />
          </AreaChart>
        </ResponsiveContainer>
      </div>
      <Text size="sm" c="dimmed">
        From {formatBytes(first.storedBytes)} on <span className="nowrap">{first.day}</span> to {formatBytes(last.storedBytes)} on{" "}
        <span className="nowrap">{last.day}</span>.
      </Text>
    </div>
  )
}
