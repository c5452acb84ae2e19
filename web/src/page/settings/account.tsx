import { Button, Group, PasswordInput, Stack } from "@mantine/core"
import { useMutation, useQuery } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import { tellDone } from "../../piece/actions.tsx"
import { Facts, Loaded, Section } from "../../piece/layout.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { changePassword } from "../../wire/auth.ts"
import { meQuery } from "../../wire/queries.ts"
import { grantsWords } from "./grants.ts"
import { Passkeys } from "./passkeys.tsx"
import { SecondFactor } from "./second-factor.tsx"

/** One's own account: who am I, how do I prove it. */
export function Account(): ReactNode {
  const query = useQuery(meQuery)
  return (
    <Loaded query={query}>
      {(me) => (
        <Stack gap="lg">
          <Section title="You">
            <Facts
              of={[
                ["User name", me.username],
                ["Name", me.name],
                ["Email", me.email ?? "none"],
                ["May", grantsWords(me.grants)],
                ["Holdfast", `${me.version} on ${me.host}`],
              ]}
            />
          </Section>
          <SecondFactor on={me.twoFactor} />
          <Passkeys count={me.passkeys} />
          <Password />
        </Stack>
      )}
    </Loaded>
  )
}

function Password(): ReactNode {
  const [old, setOld] = useState("")
  const [next, setNext] = useState("")
  const change = useMutation({
    mutationFn: async () => await changePassword(old, next),
    onSuccess: () => {
      setOld("")
      setNext("")
      tellDone("Changed. Every other session of yours was ended.")
    },
  })
  return (
    <Section title="Password">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate()
        }}
      >
        <Stack gap="md" maw={420}>
          {change.error === null ? null : <ProblemNote error={change.error} />}
          <PasswordInput
            label="Present password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={old}
            onChange={(event) => setOld(event.currentTarget.value)}
          />
          <PasswordInput
            label="New password"
            description="At least 12 characters."
            autoComplete="new-password"
            minLength={12}
            required
            withAsterisk={false}
            value={next}
            onChange={(event) => setNext(event.currentTarget.value)}
          />
          <Group>
            <Button type="submit" variant="default" loading={change.isPending}>
              Change the password
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  )
}
