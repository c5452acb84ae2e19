import { Group, SegmentedControl, Text } from "@mantine/core"
import { useState, type ReactNode } from "react"
import { Area, AreaChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts"
import type { AppPage } from "../../../../src/contract/api/app.ts"
import { formatBytes, formatDuration } from "../../../../src/contract/units.ts"
import { areaLine } from "../../piece/area-line.ts"
import { Section } from "../../piece/layout.tsx"
import { grouped } from "../../words/count.ts"
import { exactTime } from "../../words/time.ts"

type Measure = "size" | "rows" | "duration" | "recovery"

interface Line {
  readonly label: string
  readonly format: (value: number) => string
  readonly values: readonly { readonly at: number; readonly value: number }[]
}

/** How size, rows, duration and recovery time have developed; the numbers are also in words, for those who see no chart. */
export function Trend({ page }: { readonly page: AppPage }): ReactNode {
  const lines = linesOf(page)
  const offered = Object.entries(lines).filter(([, line]) => line.values.length > 1)
  const [wanted, setWanted] = useState<string>(offered[0]?.[0] ?? "size")
  const line = lines[isMeasure(wanted) ? wanted : "size"]
  if (offered.length === 0) return null
  return (
    <Section
      title="Trend"
      actions={
        offered.length < 2 ? undefined : (
          <SegmentedControl
            size="xs"
            value={wanted}
            onChange={setWanted}
            aria-label="What to show"
            data={offered.map(([value, { label }]) => ({ value, label }))}
          />
        )
      }
    >
      <Chart line={line} />
      <Group justify="space-between" gap="xs">
        <Text size="sm" c="dimmed">
          {inWords(line)}
        </Text>
      </Group>
    </Section>
  )
}

function Chart({ line }: { readonly line: Line }): ReactNode {
  return (
    <div className="chart" aria-hidden="true">
      <ResponsiveContainer width="100%" height={180}>
        <AreaChart data={[...line.values]} margin={{ top: 8, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid stroke="var(--line)" vertical={false} />
          <XAxis
            dataKey="at"
            type="number"
            scale="time"
            domain={["dataMin", "dataMax"]}
            tickFormatter={day}
            stroke="var(--mantine-color-dimmed)"
            fontSize={12}
            tickLine={false}
            minTickGap={48}
          />
          <YAxis
            width={76}
            tickFormatter={(value: number) => line.format(value)}
            stroke="var(--mantine-color-dimmed)"
            fontSize={12}
            tickLine={false}
            axisLine={false}
            tickCount={4}
          />
          <Tooltip
            isAnimationActive={false}
            formatter={(value) => [line.format(Number(value)), line.label]}
            labelFormatter={(at) => exactTime(new Date(Number(at)))}
            contentStyle={{ background: "var(--surface-card)", border: "1px solid var(--line)", borderRadius: 8 }}
          />
          <Area dataKey="value" {...areaLine} />
        </AreaChart>
      </ResponsiveContainer>
    </div>
  )
}

function linesOf({ trend, recoveryTimes }: AppPage): Readonly<Record<Measure, Line>> {
  const over = (value: (entry: AppPage["trend"][number]) => number | null): Line["values"] =>
    trend.flatMap((entry) => {
      const found = value(entry)
      return found === null ? [] : [{ at: new Date(entry.at).getTime(), value: found }]
    })
  return {
    size: { label: "Size", format: formatBytes, values: over((entry) => entry.sizeBytes) },
    rows: { label: "Rows", format: (value) => grouped(Math.round(value)), values: over((entry) => entry.rows) },
    duration: { label: "Duration", format: formatDuration, values: over((entry) => entry.durationMs) },
    recovery: {
      label: "Recovery time",
      format: formatDuration,
      values: recoveryTimes.map(({ at, durationMs }) => ({ at: new Date(at).getTime(), value: durationMs })),
    },
  }
}

function isMeasure(text: string): text is Measure {
  return text === "size" || text === "rows" || text === "duration" || text === "recovery"
}

function inWords({ label, format, values }: Line): string {
  const [first, last] = [values[0], values.at(-1)]
  if (first === undefined || last === undefined) return ""
  return `${label}: from ${format(first.value)} on ${day(first.at)} to ${format(last.value)} on ${day(last.at)}, over ${values.length} measurements.`
}

function day(at: number): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }).format(new Date(at))
}
