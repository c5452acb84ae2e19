import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { createContext, use, useCallback, useMemo, useState, type ReactNode } from "react"
import { confirmed, type Me } from "../../../src/contract/api/session.ts"
import { ProblemNote } from "../piece/problem-note.tsx"
import { ask } from "../wire/ask.ts"
import { passkeysWork, signInWithPasskey } from "../wire/passkey.ts"
import { meQuery } from "../wire/queries.ts"

/** Asks whoever is signed in to confirm that it is them, unless they just did. Resolves with false when they turn away. */
export type ConfirmPerson = () => Promise<boolean>

interface Question {
  readonly by: Me["confirmBy"]
  readonly answer: (confirmedNow: boolean) => void
}

/** What is still fresh must stay so while the request is on its way. */
const MARGIN_MS = 15_000

const ConfirmContext = createContext<ConfirmPerson>(async () => await Promise.resolve(false))

export function useConfirmPerson(): ConfirmPerson {
  return use(ConfirmContext)
}

/** Restore, delete, key export and edits of accounts ask for this first (design §11). */
export function PersonProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const client = useQueryClient()
  const [question, setQuestion] = useState<Question | null>(null)
  const confirm = useCallback(async () => {
    const me = await client.query({ ...meQuery, staleTime: 0 })
    if (me.freshUntil !== null && new Date(me.freshUntil).getTime() > Date.now() + MARGIN_MS) return true
    return await new Promise<boolean>((answer) => setQuestion({ by: me.confirmBy, answer }))
  }, [client])
  const close = (confirmedNow: boolean): void => {
    question?.answer(confirmedNow)
    setQuestion(null)
    void client.invalidateQueries({ queryKey: ["me"] })
  }
  const value = useMemo(() => confirm, [confirm])
  return (
    <ConfirmContext value={value}>
      {children}
      <Modal opened={question !== null} onClose={() => close(false)} title="Confirm that it is you">
        {question === null ? null : <Proof by={question.by} onDone={() => close(true)} onTurnAway={() => close(false)} />}
      </Modal>
    </ConfirmContext>
  )
}

interface ProofProps {
  readonly by: Me["confirmBy"]
  readonly onDone: () => void
  readonly onTurnAway: () => void
}

function Proof({ by, onDone, onTurnAway }: ProofProps): ReactNode {
  const [text, setText] = useState("")
  const code = by.includes("totp")
  const typed = useMutation({
    mutationFn: async () =>
      await ask(confirmed, "/me/confirm", { method: "POST", body: code ? { code: text.replaceAll(/\s/g, "") } : { password: text } }),
    onSuccess: onDone,
  })
  const byPasskey = useMutation({ mutationFn: signInWithPasskey, onSuccess: onDone })
  const typing = code || by.includes("password")
  const problem = typed.error ?? byPasskey.error
  const field = { value: text, required: true, withAsterisk: false, "data-autofocus": true }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        typed.mutate()
      }}
    >
      <Stack gap="md">
        <Text c="dimmed">This can lose data or hand out keys, so it asks again for what only you have.</Text>
        {problem === null ? null : <ProblemNote error={problem} />}
        {code ? (
          <TextInput
            {...field}
            label="Code"
            description="From your authenticator app."
            autoComplete="one-time-code"
            onChange={(event) => setText(event.currentTarget.value)}
          />
        ) : typing ? (
          <PasswordInput
            {...field}
            label="Password"
            autoComplete="current-password"
            onChange={(event) => setText(event.currentTarget.value)}
          />
        ) : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onTurnAway}>
            Cancel
          </Button>
          {by.includes("passkey") && passkeysWork() ? (
            <Button variant={typing ? "default" : "filled"} loading={byPasskey.isPending} onClick={() => byPasskey.mutate()}>
              Use a passkey
            </Button>
          ) : null}
          {typing ? (
            <Button type="submit" loading={typed.isPending}>
              Confirm
            </Button>
          ) : null}
        </Group>
      </Stack>
    </form>
  )
}
