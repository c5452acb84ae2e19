import { Button, Group, Stack, Text, Textarea } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useState, type ReactNode } from "react"
import { addedApp, type Detected } from "../../../../src/contract/api/app.ts"
import { tellDone } from "../../piece/actions.tsx"
import { Facts, Section } from "../../piece/layout.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { Note } from "../../piece/status.tsx"
import { ask } from "../../wire/ask.ts"
import { FoundParts, LeftOut } from "./found-parts.tsx"

export function Review({ found, onBack }: { readonly found: Detected; readonly onBack: () => void }): ReactNode {
  const [text, setText] = useState(found.text)
  const client = useQueryClient()
  const navigate = useNavigate()
  const save = useMutation({
    mutationFn: async () => await ask(addedApp, "/apps", { method: "POST", ifMatch: found.digest, body: { app: found.app, text } }),
    onSuccess: async ({ app, file }) => {
      tellDone(`${app} is now in ${file}.`)
      await client.invalidateQueries()
      await navigate({ to: "/apps/$app", params: { app } })
    },
  })
  return (
    <Stack gap="lg">
      {found.exists ? (
        <Note tone="warn" title={`The settings have an app called ${found.app} already.`}>
          Go back and give this one another name.
        </Note>
      ) : null}
      <Section title="What was found">
        <Stack gap="md">
          <Facts
            of={[
              [
                "Compose files",
                <span key="files" className="mono">
                  {found.composeFiles.join(", ")}
                </span>,
              ],
              ["Known as", found.recipe ?? "no recipe knows this application; it is protected by what was found"],
              ["Health check", found.health ?? "none was found: a restore cannot tell whether the app is well again"],
            ]}
          />
          <FoundParts found={found} />
        </Stack>
      </Section>
      {found.notProtected.length === 0 ? null : (
        <Section title="Not protected unless you do something">
          <LeftOut items={found.notProtected} tone="warn" />
        </Section>
      )}
      {found.leftOut.length + found.unknown.length + found.notes.length === 0 ? null : (
        <Section title="Left out, and notes">
          <Stack gap="xs">
            <LeftOut items={found.leftOut} tone="quiet" />
            {[...found.unknown.map((what) => `Not known: ${what}`), ...found.notes].map((note) => (
              <Text key={note} size="sm" className="wrap">
                {note}
              </Text>
            ))}
          </Stack>
        </Section>
      )}
      <Section
        title="What will be written"
        lead={`Into ${found.file}. You may change it here; what is already in the file stays as it is.`}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault()
            save.mutate()
          }}
        >
          <Stack gap="md">
            <Textarea
              aria-label={`Settings of ${found.app}`}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              autosize
              minRows={6}
              maxRows={24}
              spellCheck={false}
              classNames={{ input: "mono" }}
            />
            {save.error === null ? null : <ProblemNote error={save.error} />}
            <Group>
              <Button type="submit" loading={save.isPending} disabled={found.exists}>
                Save
              </Button>
              <Button variant="default" onClick={onBack}>
                Back
              </Button>
            </Group>
          </Stack>
        </form>
      </Section>
    </Stack>
  )
}
