import { Checkbox, Stack, Textarea, TextInput } from "@mantine/core"
import type { ReactNode } from "react"
import type { TargetsDraft } from "./targets-draft.ts"

interface TargetsFieldsProps {
  readonly draft: TargetsDraft
  readonly change: (part: Partial<TargetsDraft>) => void
}

/** Whom to tell, in a form. */
export function TargetsFields({ draft, change }: TargetsFieldsProps): ReactNode {
  const lines = { autosize: true, minRows: 1, spellCheck: false, autoComplete: "off" } as const
  return (
    <Stack gap="md" maw={640}>
      <Textarea
        {...lines}
        label="Mail to"
        description="Addresses, parted by comma, space or newline."
        value={draft.emails}
        onChange={(event) => change({ emails: event.currentTarget.value })}
      />
      <Textarea
        {...lines}
        label="Webhooks"
        description="One address on each line; each gets a JSON POST."
        value={draft.webhooks}
        onChange={(event) => change({ webhooks: event.currentTarget.value })}
      />
      <Textarea
        {...lines}
        label="ntfy topics"
        description="One address on each line."
        value={draft.ntfy}
        onChange={(event) => change({ ntfy: event.currentTarget.value })}
      />
      <TextInput
        label="Ping after each success"
        description="A dead-man switch such as healthchecks: it tells you when this machine falls silent."
        spellCheck={false}
        autoComplete="off"
        value={draft.ping}
        onChange={(event) => change({ ping: event.currentTarget.value })}
      />
      <Checkbox
        label="Tell of successes too"
        checked={draft.onSuccess}
        onChange={(event) => change({ onSuccess: event.currentTarget.checked })}
      />
    </Stack>
  )
}
