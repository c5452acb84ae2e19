import { Button, Group, NumberInput, Select, Stack, Switch, TextInput } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import {
  notificationsSaved,
  notificationsTested,
  type Notifications,
  type NotifyEmail,
} from "../../../../src/contract/api/notifications.ts"
import { tellDone } from "../../piece/actions.tsx"
import { Loaded, Section } from "../../piece/layout.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { SettingsProblem } from "../../piece/settings-problem.tsx"
import { Note } from "../../piece/status.tsx"
import { TargetsFields } from "../../piece/targets-fields.tsx"
import { ask } from "../../wire/ask.ts"
import { notificationsQuery } from "../../wire/queries.ts"
import { sentence } from "../../words/sentence.ts"
import { notifyBodyOf, notifyDraftOf, type NotifyDraft } from "./notify-draft.ts"

/** Who is told when something fails, or when it is silent for too long. */
export function NotificationSettings(): ReactNode {
  const query = useQuery(notificationsQuery)
  return <Loaded query={query}>{(document) => <NotifyForm key={document.file.digest} document={document} />}</Loaded>
}

function NotifyForm({ document }: { readonly document: Notifications }): ReactNode {
  const [draft, setDraft] = useState(() => notifyDraftOf(document))
  const change = (part: Partial<NotifyDraft>): void => setDraft((old) => ({ ...old, ...part }))
  const client = useQueryClient()
  const reload = (): void => void client.invalidateQueries({ queryKey: ["notifications"] })
  const save = useMutation({
    mutationFn: async () =>
      await ask(notificationsSaved, "/notifications", { method: "PUT", ifMatch: document.file.digest, body: notifyBodyOf(draft) }),
    onSuccess: () => {
      tellDone("Saved into the settings file.")
      reload()
    },
  })
  return (
    <Stack gap="lg">
      {document.file.writable ? null : (
        <Note tone="warn" title="The settings file cannot be written here.">
          {document.file.why ?? ""}
        </Note>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <Stack gap="lg">
          <Section title="Who is told" lead="Failures always; overdue runs, stale proof and unreachable vaults too.">
            <TargetsFields draft={draft} change={change} />
          </Section>
          <Section title="Mail server" lead="Needed only for mail.">
            <MailServer draft={draft} change={change} />
          </Section>
          {save.error === null ? null : <SettingsProblem error={save.error} reload={reload} />}
          <Group>
            <Button type="submit" loading={save.isPending} disabled={!document.file.writable}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
      <Test />
    </Stack>
  )
}

interface Fields {
  readonly draft: NotifyDraft
  readonly change: (part: Partial<NotifyDraft>) => void
}

const NEW_SERVER: NotifyEmail = { host: "", port: 587, security: "starttls", user: null, from: "", passwordFile: null }

function MailServer({ draft, change }: Fields): ReactNode {
  const { server } = draft
  const set = (part: Partial<NotifyEmail>): void => change({ server: { ...(server ?? NEW_SERVER), ...part } })
  const plain = { spellCheck: false, autoComplete: "off" } as const
  return (
    <Stack gap="md" maw={640}>
      <Switch
        label="Send mail"
        checked={server !== null}
        onChange={(event) => change({ server: event.currentTarget.checked ? NEW_SERVER : null })}
      />
      {server === null ? null : (
        <>
          <Group align="flex-end" gap="sm">
            <TextInput
              {...plain}
              className="grow"
              label="Host"
              required
              withAsterisk={false}
              value={server.host}
              onChange={(event) => set({ host: event.currentTarget.value })}
            />
            <NumberInput
              label="Port"
              min={1}
              max={65_535}
              w={100}
              hideControls
              value={server.port}
              onChange={(port) => set({ port: Number(port) })}
            />
            <Select
              label="Encryption"
              w={150}
              allowDeselect={false}
              data={[
                { value: "starttls", label: "STARTTLS" },
                { value: "tls", label: "TLS" },
                { value: "none", label: "None" },
              ]}
              value={server.security}
              onChange={(security) => set({ security: security === "tls" || security === "none" ? security : "starttls" })}
            />
          </Group>
          <TextInput
            {...plain}
            label="From"
            required
            withAsterisk={false}
            value={server.from}
            onChange={(event) => set({ from: event.currentTarget.value })}
          />
          <TextInput
            {...plain}
            label="User"
            description="Left empty: no sign-in."
            value={server.user ?? ""}
            onChange={(event) => set({ user: event.currentTarget.value === "" ? null : event.currentTarget.value })}
          />
          <TextInput
            {...plain}
            label="File with the password"
            description="On the host; passwords are never written into the settings."
            value={server.passwordFile ?? ""}
            onChange={(event) => set({ passwordFile: event.currentTarget.value === "" ? null : event.currentTarget.value })}
          />
        </>
      )}
    </Stack>
  )
}

function Test(): ReactNode {
  const test = useMutation({ mutationFn: async () => await ask(notificationsTested, "/notifications/test", { method: "POST", body: {} }) })
  return (
    <Section title="Test" lead="Sends a message to everyone who is saved above.">
      <Stack gap="md">
        {test.error === null ? null : <ProblemNote error={test.error} />}
        {test.data?.sent.length === 0 ? <Note tone="warn">Nobody is set up to be told.</Note> : null}
        {test.data?.sent.map((one) => (
          <Note
            key={`${one.channel} ${one.to}`}
            tone={one.delivered ? "good" : "bad"}
            title={sentence(`${one.to}: ${one.delivered ? "sent" : "not delivered"}`)}
            live
          >
            {one.why ?? undefined}
          </Note>
        ))}
        <Group>
          <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
            Send a test message
          </Button>
        </Group>
      </Stack>
    </Section>
  )
}
