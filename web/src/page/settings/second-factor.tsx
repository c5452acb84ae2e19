import { Button, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import { tellDone } from "../../piece/actions.tsx"
import { Section } from "../../piece/layout.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { QrCode } from "../../piece/qr-code.tsx"
import { Note, Status } from "../../piece/status.tsx"
import { useConfirmPerson } from "../../shell/confirm-person.tsx"
import { beginSecondFactor, endSecondFactor, giveSecondFactor } from "../../wire/auth.ts"

interface Begun {
  readonly totpURI: string
  readonly backupCodes: readonly string[]
}

/** Codes of an authenticator app, asked for at sign-in and again before what can lose data. */
export function SecondFactor({ on }: { readonly on: boolean }): ReactNode {
  const [begun, setBegun] = useState<Begun | null>(null)
  const client = useQueryClient()
  const refresh = async (): Promise<void> => await client.invalidateQueries({ queryKey: ["me"] })
  return (
    <Section
      title="Second factor"
      actions={<Status tone={on ? "good" : "warn"}>{on ? "On" : "Off"}</Status>}
      lead="A code from an authenticator app, asked for when you sign in and again before a restore."
    >
      {begun === null ? (
        <ByPassword on={on} onBegun={setBegun} onEnded={refresh} />
      ) : (
        <FirstCode
          begun={begun}
          onDone={() => {
            setBegun(null)
            tellDone("The second factor is on.")
            void refresh()
          }}
        />
      )}
    </Section>
  )
}

interface ByPasswordProps {
  readonly on: boolean
  readonly onBegun: (begun: Begun) => void
  readonly onEnded: () => Promise<void>
}

function ByPassword({ on, onBegun, onEnded }: ByPasswordProps): ReactNode {
  const [password, setPassword] = useState("")
  const confirmPerson = useConfirmPerson()
  const change = useMutation({
    mutationFn: async () => {
      if (!on) return onBegun(await beginSecondFactor(password))
      if (!(await confirmPerson())) return
      await endSecondFactor(password)
      tellDone("The second factor is off.")
      await onEnded()
    },
    onSuccess: () => setPassword(""),
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        change.mutate()
      }}
    >
      <Stack gap="md" maw={420}>
        {change.error === null ? null : <ProblemNote error={change.error} />}
        <PasswordInput
          label="Your password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" variant={on ? "default" : "filled"} loading={change.isPending}>
            {on ? "Turn it off" : "Turn it on"}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function FirstCode({ begun, onDone }: { readonly begun: Begun; readonly onDone: () => void }): ReactNode {
  const [code, setCode] = useState("")
  const give = useMutation({ mutationFn: async () => await giveSecondFactor(code), onSuccess: onDone })
  const secret = new URL(begun.totpURI).searchParams.get("secret") ?? ""
  return (
    <Stack gap="md">
      <Text>Scan this with your authenticator app, or type the secret into it.</Text>
      <Group align="flex-start" gap="lg">
        <QrCode text={begun.totpURI} label="Code to scan with an authenticator app" />
        <Stack gap={4}>
          <Text size="sm" c="dimmed">
            Secret
          </Text>
          <Text className="mono wrap" data-testid="totp-secret">
            {secret}
          </Text>
        </Stack>
      </Group>
      <Note tone="warn" title="Keep these backup codes away from this device; each works once.">
        <p className="mono codes">{begun.backupCodes.join("  ")}</p>
      </Note>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          give.mutate()
        }}
      >
        <Stack gap="md" maw={280}>
          {give.error === null ? null : <ProblemNote error={give.error} />}
          <TextInput
            label="Code that the app shows now"
            autoComplete="one-time-code"
            inputMode="numeric"
            required
            withAsterisk={false}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
          <Group>
            <Button type="submit" loading={give.isPending}>
              Finish
            </Button>
          </Group>
        </Stack>
      </form>
    </Stack>
  )
}
