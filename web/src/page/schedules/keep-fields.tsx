import { Checkbox, NumberInput, SimpleGrid, Stack, TextInput } from "@mantine/core"
import type { ReactNode } from "react"
import type { Keep } from "../../../../src/contract/api/shapes.ts"
import type { Draft } from "./draft.ts"

const COUNTS = [
  ["last", "Last"],
  ["hourly", "Hourly"],
  ["daily", "Daily"],
  ["weekly", "Weekly"],
  ["monthly", "Monthly"],
  ["yearly", "Yearly"],
] as const satisfies readonly (readonly [keyof Keep, string])[]

export function KeepFields({ draft, change }: { readonly draft: Draft; readonly change: (part: Partial<Draft>) => void }): ReactNode {
  return (
    <Stack gap="md">
      <Checkbox
        label="This schedule has a policy of its own"
        description="Else the usual one holds."
        checked={draft.ownKeep}
        onChange={(event) => change({ ownKeep: event.currentTarget.checked })}
      />
      {draft.ownKeep ? (
        <>
          <SimpleGrid cols={{ base: 2, xs: 3 }} spacing="sm">
            {COUNTS.map(([member, label]) => (
              <NumberInput
                key={member}
                label={label}
                min={0}
                max={9999}
                allowDecimal={false}
                value={draft.keep[member] ?? ""}
                onChange={(value) => change({ keep: withCount(draft.keep, member, value) })}
              />
            ))}
          </SimpleGrid>
          <TextInput
            label="All within"
            description="A duration such as 30d. May be left empty."
            maw={200}
            value={draft.keep.within ?? ""}
            onChange={(event) => change({ keep: withText(draft.keep, event.currentTarget.value) })}
          />
        </>
      ) : null}
    </Stack>
  )
}

function withCount(keep: Keep, member: (typeof COUNTS)[number][0], value: string | number): Keep {
  const { [member]: _old, ...rest } = keep
  return value === "" || !Number.isFinite(Number(value)) ? rest : { ...rest, [member]: Number(value) }
}

function withText(keep: Keep, within: string): Keep {
  const { within: _old, ...rest } = keep
  return within.trim() === "" ? rest : { ...rest, within: within.trim() }
}
