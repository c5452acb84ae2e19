import { Anchor, Button, Divider, PasswordInput, Stack, Text, TextInput } from "@mantine/core"
import { useMutation } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import { ProblemNote } from "../piece/problem-note.tsx"
import { giveSecondFactor, signIn } from "../wire/auth.ts"
import { passkeysWork, signInWithPasskey } from "../wire/passkey.ts"
import { Porch } from "./porch.tsx"

export function SignIn({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [half, setHalf] = useState(false)
  return half ? <SecondFactor onDone={onDone} onBack={() => setHalf(false)} /> : <Password onDone={onDone} onHalf={() => setHalf(true)} />
}

function Password({ onDone, onHalf }: { readonly onDone: () => void; readonly onHalf: () => void }): ReactNode {
  const [username, setUsername] = useState("")
  const [password, setPassword] = useState("")
  const enter = useMutation({
    mutationFn: async () => await signIn(username.trim().toLowerCase(), password),
    onSuccess: ({ secondFactor }) => (secondFactor ? onHalf() : onDone()),
  })
  const byPasskey = useMutation({ mutationFn: signInWithPasskey, onSuccess: onDone })
  const problem = enter.error ?? byPasskey.error
  return (
    <Porch title="Sign in">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          byPasskey.reset()
          enter.mutate()
        }}
      >
        <Stack gap="md">
          {problem === null ? null : <ProblemNote error={problem} />}
          <TextInput
            label="User name"
            autoComplete="username webauthn"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={enter.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
      {passkeysWork() ? (
        <>
          <Divider label="or" />
          <Button
            variant="default"
            loading={byPasskey.isPending}
            onClick={() => {
              enter.reset()
              byPasskey.mutate()
            }}
          >
            Use a passkey
          </Button>
        </>
      ) : null}
      <Text size="sm" c="dimmed">
        Locked out? On the host, <code>holdfast user reset</code> lets you back in.
      </Text>
    </Porch>
  )
}

function SecondFactor({ onDone, onBack }: { readonly onDone: () => void; readonly onBack: () => void }): ReactNode {
  const [code, setCode] = useState("")
  const enter = useMutation({ mutationFn: async () => await giveSecondFactor(code), onSuccess: onDone })
  return (
    <Porch title="Second factor" lead="Enter the code that your authenticator app shows, or one of your backup codes.">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          enter.mutate()
        }}
      >
        <Stack gap="md">
          {enter.error === null ? null : <ProblemNote error={enter.error} />}
          <TextInput
            label="Code"
            autoComplete="one-time-code"
            inputMode="text"
            required
            withAsterisk={false}
            data-autofocus
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
          <Button type="submit" loading={enter.isPending}>
            Sign in
          </Button>
          <Anchor component="button" type="button" size="sm" onClick={onBack}>
            Back
          </Anchor>
        </Stack>
      </form>
    </Porch>
  )
}
