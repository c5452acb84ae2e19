import { Group, NumberInput, Select, TextInput } from "@mantine/core"
import { useState, type ReactNode } from "react"
import { cronOf, rhythmOf, WEEKDAYS, type Rhythm } from "./cron.ts"
import type { Draft } from "./draft.ts"

interface RhythmFieldsProps {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
}

const EVERY = [
  { value: "hour", label: "Every hour" },
  { value: "day", label: "Every day" },
  { value: "week", label: "Every week" },
  { value: "month", label: "Every month" },
  { value: "pattern", label: "By a cron pattern" },
] as const

const zones = ["UTC", ...Intl.supportedValuesOf("timeZone")]

export function RhythmFields({ draft, change }: RhythmFieldsProps): ReactNode {
  // Whoever chose to write a pattern goes on writing, also when what is written happens to be a simple one.
  const [writing, setWriting] = useState(rhythmOf(draft.cron).every === "pattern")
  const rhythm: Rhythm = writing ? { every: "pattern", cron: draft.cron } : rhythmOf(draft.cron)
  const set = (next: Rhythm): void => change({ cron: cronOf(next) })
  return (
    <>
      <Group align="flex-end" gap="sm">
        <Select
          label="How often"
          data={[...EVERY]}
          value={rhythm.every}
          allowDeselect={false}
          w={200}
          onChange={(every) => {
            setWriting(every === "pattern")
            set(asRhythm(every, rhythm))
          }}
        />
        <Details rhythm={rhythm} set={set} />
      </Group>
      <Select
        label="Timezone"
        description="The pattern and the kept days are read in it; each run happens once through daylight saving."
        data={zones.includes(draft.timezone) ? zones : [draft.timezone, ...zones]}
        value={draft.timezone}
        searchable
        allowDeselect={false}
        maw={320}
        limit={50}
        onChange={(timezone) => change({ timezone: timezone ?? "UTC" })}
      />
    </>
  )
}

function Details({ rhythm, set }: { readonly rhythm: Rhythm; readonly set: (next: Rhythm) => void }): ReactNode {
  if (rhythm.every === "pattern") {
    return (
      <TextInput
        label="Cron pattern"
        classNames={{ input: "mono" }}
        spellCheck={false}
        w={200}
        value={rhythm.cron}
        onChange={(event) => set({ every: "pattern", cron: event.currentTarget.value })}
      />
    )
  }
  if (rhythm.every === "hour") {
    return (
      <NumberInput
        label="At minute"
        min={0}
        max={59}
        w={110}
        value={rhythm.minute}
        onChange={(value) => set({ ...rhythm, minute: whole(value, 0, 59) })}
      />
    )
  }
  return (
    <>
      {rhythm.every === "week" ? (
        <Select
          label="On"
          w={150}
          allowDeselect={false}
          data={WEEKDAYS.map((label, value) => ({ label, value: String(value) }))}
          value={String(rhythm.weekday)}
          onChange={(value) => set({ ...rhythm, weekday: Number(value ?? 0) })}
        />
      ) : null}
      {rhythm.every === "month" ? (
        <NumberInput
          label="On day"
          min={1}
          max={31}
          w={110}
          value={rhythm.day}
          onChange={(value) => set({ ...rhythm, day: whole(value, 1, 31) })}
        />
      ) : null}
      <TextInput
        label="At"
        type="time"
        w={130}
        value={rhythm.time}
        onChange={(event) => set({ ...rhythm, time: event.currentTarget.value === "" ? "00:00" : event.currentTarget.value })}
      />
    </>
  )
}

function asRhythm(every: string | null, old: Rhythm): Rhythm {
  const time = "time" in old ? old.time : "03:00"
  if (every === "hour") return { every, minute: 0 }
  if (every === "day") return { every, time }
  if (every === "week") return { every, time, weekday: 0 }
  if (every === "month") return { every, time, day: 1 }
  return { every: "pattern", cron: cronOf(old) }
}

function whole(value: string | number, least: number, most: number): number {
  const number = Math.trunc(Number(value))
  return Number.isFinite(number) ? Math.min(most, Math.max(least, number)) : least
}
