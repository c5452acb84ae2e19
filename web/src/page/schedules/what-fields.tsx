import { Checkbox, MultiSelect, Radio, Select, Stack } from "@mantine/core"
import type { ReactNode } from "react"
import type { SchedulesPage } from "../../../../src/contract/api/schedules.ts"
import type { Draft } from "./draft.ts"

interface WhatFieldsProps {
  readonly page: SchedulesPage
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
}

export function WhatFields({ page, draft, change }: WhatFieldsProps): ReactNode {
  const usual = { value: "", label: draft.kind === "backup" ? "The app's first vault" : "The vault of its backups" }
  const vault = (
    <Select
      label={draft.kind === "backup" ? "Vault" : "Restore from"}
      data={[usual, ...page.vaults.map((name) => ({ value: name, label: name }))]}
      value={draft.vault}
      allowDeselect={false}
      maw={320}
      onChange={(value) => change({ vault: value ?? "" })}
    />
  )
  if (draft.kind === "drill") {
    return (
      <Stack gap="md">
        {vault}
        <Radio.Group label="Level" value={draft.level} onChange={(level) => change({ level: level === "booted" ? "booted" : "restored" })}>
          <Stack gap="xs" mt={6}>
            <Radio value="restored" label="Restored" description="Databases and files are restored into a sandbox and compared." />
            <Radio value="booted" label="Booted" description="The whole app is started from the point in a sandbox as well." />
          </Stack>
        </Radio.Group>
      </Stack>
    )
  }
  return (
    <Stack gap="md">
      {vault}
      <MultiSelect
        label="Copies"
        description="Further vaults that get a copy after each success."
        data={page.vaults.filter((name) => name !== draft.vault)}
        value={[...draft.copies]}
        onChange={(copies) => change({ copies })}
        maw={420}
      />
      <MultiSelect
        label="Parts"
        description="Left empty: all of them."
        data={[...page.parts]}
        value={[...draft.only]}
        onChange={(only) => change({ only })}
        maw={420}
      />
      <Checkbox
        label="Only when something changed"
        description="For secrets and configuration: each version is kept a year."
        checked={draft.onChange}
        onChange={(event) => change({ onChange: event.currentTarget.checked })}
      />
      <Checkbox
        label="Cold: stop the app for the capture"
        checked={draft.cold}
        onChange={(event) => change({ cold: event.currentTarget.checked })}
      />
    </Stack>
  )
}
