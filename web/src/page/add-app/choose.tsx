import { Button, Group, Stack, TextInput } from "@mantine/core"
import { useMutation } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import { detected, type Detected } from "../../../../src/contract/api/app.ts"
import { Section } from "../../piece/layout.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { ask } from "../../wire/ask.ts"

export function Choose({ onFound }: { readonly onFound: (found: Detected) => void }): ReactNode {
  const [compose, setCompose] = useState("")
  const [name, setName] = useState("")
  const look = useMutation({
    mutationFn: async () =>
      await ask(detected, "/apps/detect", {
        method: "POST",
        body: { compose: compose.trim(), name: name.trim() === "" ? null : name.trim() },
      }),
    onSuccess: onFound,
  })
  return (
    <Section title="Compose file">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          look.mutate()
        }}
      >
        <Stack gap="md" maw={640}>
          {look.error === null ? null : <ProblemNote error={look.error} />}
          <TextInput
            label="Path on the host"
            description="The compose file, or the folder that it is in."
            placeholder="/srv/chat/docker-compose.yml"
            required
            withAsterisk={false}
            spellCheck={false}
            autoCapitalize="none"
            value={compose}
            onChange={(event) => setCompose(event.currentTarget.value)}
          />
          <TextInput
            label="Name in Holdfast"
            description="Small letters, digits, dash. Left empty: the name of the compose project."
            spellCheck={false}
            autoCapitalize="none"
            pattern="[a-z][a-z0-9_\-]{0,62}"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Group>
            <Button type="submit" loading={look.isPending}>
              Look what is there
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  )
}
