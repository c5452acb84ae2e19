import { Button, Group, Stack, Text, TextInput } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import { tellDone, tellProblem } from "../../piece/actions.tsx"
import { Instant } from "../../piece/instant.tsx"
import { Loaded, Section } from "../../piece/layout.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { useConfirmPerson } from "../../shell/confirm-person.tsx"
import { addPasskey, listPasskeys, passkeysWork, removePasskey } from "../../wire/passkey.ts"

/** Keys that this device or a stick holds: sign in by a touch, nothing to type or to be stolen. */
export function Passkeys({ count }: { readonly count: number }): ReactNode {
  const client = useQueryClient()
  const confirmPerson = useConfirmPerson()
  const [name, setName] = useState("")
  const query = useQuery({ queryKey: ["passkeys"], queryFn: listPasskeys, enabled: count > 0 })
  const refresh = async (): Promise<void> => {
    await client.invalidateQueries({ queryKey: ["me"] })
    await client.invalidateQueries({ queryKey: ["passkeys"] })
  }
  const add = useMutation({
    mutationFn: async () => {
      if (!(await confirmPerson())) return
      await addPasskey(name.trim() === "" ? "Passkey" : name.trim())
      setName("")
      tellDone("Added.")
      await refresh()
    },
  })
  const remove = useMutation({
    mutationFn: async (id: string) => {
      if (!(await confirmPerson())) return
      await removePasskey(id)
      await refresh()
    },
    onError: tellProblem,
  })
  return (
    <Section title="Passkeys" lead="Sign in with this device or a security key, without a password.">
      <Stack gap="md">
        {count === 0 ? null : (
          <Loaded query={query}>
            {(passkeys) => (
              <ul className="rows inset">
                {passkeys.map((passkey) => (
                  <li key={passkey.id}>
                    <Group justify="space-between" gap="xs">
                      <Text>
                        {passkey.name ?? "Passkey"}{" "}
                        {passkey.createdAt === null || passkey.createdAt === undefined ? null : (
                          <span className="quiet">
                            added <Instant at={passkey.createdAt} />
                          </span>
                        )}
                      </Text>
                      <Button size="xs" variant="default" loading={remove.isPending} onClick={() => remove.mutate(passkey.id)}>
                        Remove
                      </Button>
                    </Group>
                  </li>
                ))}
              </ul>
            )}
          </Loaded>
        )}
        {add.error === null ? null : <ProblemNote error={add.error} />}
        {passkeysWork() ? (
          <form
            onSubmit={(event) => {
              event.preventDefault()
              add.mutate()
            }}
          >
            <Group align="flex-end" gap="sm">
              <TextInput
                label="Name of a new passkey"
                placeholder="Phone"
                maxLength={60}
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <Button type="submit" variant="default" loading={add.isPending}>
                Add a passkey
              </Button>
            </Group>
          </form>
        ) : (
          <Text c="dimmed">
            This browser does not offer passkeys here. They need TLS or localhost, and a name instead of an address of numbers.
          </Text>
        )}
      </Stack>
    </Section>
  )
}
