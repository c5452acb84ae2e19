import { Button, Group, Stack, Switch, TextInput } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useState, type ReactNode } from "react"
import { scheduleSaved, type SchedulesPage } from "../../../../src/contract/api/schedules.ts"
import { tellDone } from "../../piece/actions.tsx"
import { Section } from "../../piece/layout.tsx"
import { ButtonLink } from "../../piece/link.tsx"
import { SettingsProblem } from "../../piece/settings-problem.tsx"
import { TargetsFields } from "../../piece/targets-fields.tsx"
import { ask } from "../../wire/ask.ts"
import { useMay } from "../../wire/may.ts"
import { place } from "../../wire/place.ts"
import { bodyOf, type Draft } from "./draft.ts"
import { KeepFields } from "./keep-fields.tsx"
import { Preview } from "./preview.tsx"
import { RhythmFields } from "./rhythm-fields.tsx"
import { WhatFields } from "./what-fields.tsx"

interface ScheduleFormProps {
  readonly page: SchedulesPage
  /** As the file has it; null for a new one. */
  readonly stored: Draft | null
  readonly start: Draft
}

export type Change = (part: Partial<Draft>) => void

export function ScheduleForm({ page, stored, start }: ScheduleFormProps): ReactNode {
  const [draft, setDraft] = useState(start)
  const change: Change = (part) => setDraft((old) => ({ ...old, ...part }))
  const mayName = useMay()("owner", null)
  const { save, remove, reload } = useSaving(page, stored, draft)
  return (
    <div className="form-and-preview">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <Stack gap="lg">
          <Section title="When">
            <Stack gap="md">
              {stored === null ? (
                <TextInput
                  label="Name"
                  description="Small letters, digits, dash."
                  pattern="[a-z][a-z0-9_\-]{0,62}"
                  required
                  withAsterisk={false}
                  value={draft.name}
                  onChange={(event) => change({ name: event.currentTarget.value })}
                />
              ) : null}
              <RhythmFields draft={draft} change={change} />
              <Switch
                label="On"
                description="Off: it stays here, but is never due."
                checked={draft.enabled}
                onChange={(event) => change({ enabled: event.currentTarget.checked })}
              />
            </Stack>
          </Section>
          <Section title={draft.kind === "backup" ? "What, and where to" : "How far, and from where"}>
            <WhatFields page={page} draft={draft} change={change} />
          </Section>
          {draft.kind === "backup" ? (
            <Section title="What is kept" lead="After each success, in the vault above. Pinned points stay whatever is set here.">
              <KeepFields draft={draft} change={change} />
            </Section>
          ) : null}
          {mayName ? (
            <Section title="Who is told of it" lead="Beside those who are told of everything, or of this app.">
              <TargetsFields draft={draft.notify} change={(part) => setDraft((old) => ({ ...old, notify: { ...old.notify, ...part } }))} />
            </Section>
          ) : null}
          {save.error === null ? null : <SettingsProblem error={save.error} reload={reload} />}
          {remove.error === null ? null : <SettingsProblem error={remove.error} reload={reload} />}
          <Group>
            <Button type="submit" loading={save.isPending} disabled={!page.file.writable}>
              Save
            </Button>
            <ButtonLink variant="default" to="/schedules">
              Cancel
            </ButtonLink>
            {stored === null ? null : (
              <Button
                variant="subtle"
                color="red.9"
                className="danger"
                loading={remove.isPending}
                disabled={!page.file.writable}
                onClick={() => remove.mutate()}
              >
                Remove this schedule
              </Button>
            )}
          </Group>
        </Stack>
      </form>
      <Preview app={page.app} draft={draft} />
    </div>
  )
}

interface Saving {
  readonly save: { readonly mutate: () => void; readonly isPending: boolean; readonly error: unknown }
  readonly remove: { readonly mutate: () => void; readonly isPending: boolean; readonly error: unknown }
  readonly reload: () => void
}

function useSaving(page: SchedulesPage, stored: Draft | null, draft: Draft): Saving {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { app, file } = page
  const done = (words: string) => async (): Promise<void> => {
    tellDone(words)
    await client.invalidateQueries({ queryKey: ["app", app] })
    void client.invalidateQueries({ queryKey: ["overview"] })
    await navigate({ to: "/schedules" })
  }
  const save = useMutation({
    mutationFn: async () =>
      await ask(scheduleSaved, place`/apps/${app}/schedules/${draft.name}`, {
        method: "PUT",
        ifMatch: file.digest,
        body: bodyOf(draft, stored),
      }),
    onSuccess: done("Saved into the settings file."),
  })
  const remove = useMutation({
    mutationFn: async () =>
      await ask(scheduleSaved, place`/apps/${app}/schedules/${draft.name}?kind=${draft.kind}`, { method: "DELETE", ifMatch: file.digest }),
    onSuccess: done("Removed from the settings file."),
  })
  const reload = (): void => {
    save.reset()
    remove.reset()
    void client.invalidateQueries({ queryKey: ["app", app, "schedules"] })
  }
  return { save: { ...save, mutate: () => save.mutate() }, remove: { ...remove, mutate: () => remove.mutate() }, reload }
}
