import { Button, Checkbox, CopyButton, Group, Modal, NumberInput, Stack, Text, TextInput } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import { z } from "zod"
import { addedApiKey, type AddApiKeyBody, type ApiKey } from "../../../../src/contract/api/accounts.ts"
import { DialogButtons } from "../../piece/dialog-buttons.tsx"
import { Icon } from "../../piece/icon.tsx"
import { Instant } from "../../piece/instant.tsx"
import { Empty, Loaded, Section } from "../../piece/layout.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { Note } from "../../piece/status.tsx"
import { place } from "../../wire/place.ts"
import { apiKeysQuery } from "../../wire/queries.ts"
import { useConfirmedSave } from "./confirmed-save.ts"
import { GrantsFields } from "./grants-fields.tsx"
import { grantsWords } from "./grants.ts"

/** Keys for programs. */
export function ApiKeys(): ReactNode {
  const query = useQuery(apiKeysQuery)
  const [adding, setAdding] = useState(false)
  const [made, setMade] = useState<string | null>(null)
  return (
    <Section
      title="API keys"
      tight
      lead="For programs: sent as Authorization: Bearer …, with roles of their own."
      actions={
        <Button size="xs" leftSection={<Icon name="plus" size={16} />} onClick={() => setAdding(true)}>
          Add key
        </Button>
      }
    >
      {made === null ? null : <ShownOnce secret={made} onDone={() => setMade(null)} />}
      <Loaded query={query}>
        {({ keys }) =>
          keys.length === 0 ? (
            <Empty title="There is no API key.">Add one for each program that asks or acts by itself.</Empty>
          ) : (
            <ul className="rows">
              {keys.map((key) => (
                <KeyRow key={key.id} apiKey={key} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <AddKey opened={adding} onClose={() => setAdding(false)} onMade={setMade} />
    </Section>
  )
}

function ShownOnce({ secret, onDone }: { readonly secret: string; readonly onDone: () => void }): ReactNode {
  return (
    <div className="inset-note">
      <Note tone="good" title="Copy the key now: it is not shown again." live>
        <p className="mono wrap">{secret}</p>
        <Group mt="xs" gap="xs">
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button size="xs" onClick={copy}>
                {copied ? "Copied" : "Copy"}
              </Button>
            )}
          </CopyButton>
          <Button size="xs" variant="default" onClick={onDone}>
            Done
          </Button>
        </Group>
      </Note>
    </div>
  )
}

function KeyRow({ apiKey }: { readonly apiKey: ApiKey }): ReactNode {
  const remove = useConfirmedSave(z.unknown(), ["api-keys"])
  return (
    <li>
      <Group justify="space-between" gap="xs">
        <Group gap="sm">
          <Text fw={600}>{apiKey.name}</Text>
          <Text c="dimmed" className="mono">
            {apiKey.prefix}…
          </Text>
        </Group>
        <Button
          size="xs"
          variant="default"
          aria-label={`Revoke ${apiKey.name}`}
          loading={remove.isPending}
          onClick={() =>
            remove.send({
              path: place`/api-keys/${apiKey.id}`,
              method: "DELETE",
              done: `${apiKey.name} opens nothing any more.`,
              onDone: () => undefined,
            })
          }
        >
          Revoke
        </Button>
      </Group>
      <Group gap="md" className="quiet" mt={2}>
        <span>{grantsWords(apiKey.grants)}</span>
        {apiKey.unattended ? <span>acts without a person</span> : null}
        <span>by {apiKey.createdBy}</span>
        <span>
          {apiKey.lastUsedAt === null ? (
            "never used"
          ) : (
            <>
              used <Instant at={apiKey.lastUsedAt} />
            </>
          )}
        </span>
        <span>
          {apiKey.expiresAt === null ? (
            "does not end"
          ) : (
            <>
              ends <Instant at={apiKey.expiresAt} />
            </>
          )}
        </span>
      </Group>
      {remove.error === null ? null : <ProblemNote error={remove.error} />}
    </li>
  )
}

const EMPTY: AddApiKeyBody = { name: "", grants: [{ role: "viewer", apps: null }], unattended: false, expiresInDays: 365 }

interface AddKeyProps {
  readonly opened: boolean
  readonly onClose: () => void
  readonly onMade: (secret: string) => void
}

function AddKey({ opened, onClose, onMade }: AddKeyProps): ReactNode {
  const [form, setForm] = useState(EMPTY)
  const save = useConfirmedSave(addedApiKey, ["api-keys"])
  const close = (): void => {
    setForm(EMPTY)
    save.reset()
    onClose()
  }
  return (
    <Modal opened={opened && !save.isConfirming} onClose={close} title="Add an API key" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          save.send({
            path: "/api-keys",
            method: "POST",
            body: form,
            onDone: ({ key }) => {
              onMade(key)
              close()
            },
          })
        }}
      >
        <Stack gap="md">
          {save.error === null ? null : <ProblemNote error={save.error} />}
          <TextInput
            label="Name"
            description="Of the program that will use it."
            required
            withAsterisk={false}
            value={form.name}
            onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
          />
          <GrantsFields grants={form.grants} onChange={(grants) => setForm({ ...form, grants: [...grants] })} />
          <NumberInput
            label="Ends after days"
            description="Left empty: it does not end."
            min={1}
            max={3650}
            allowDecimal={false}
            maw={200}
            value={form.expiresInDays ?? ""}
            onChange={(value) => setForm({ ...form, expiresInDays: value === "" ? null : Number(value) })}
          />
          <Checkbox
            label="Acts without a person"
            description="May restore, delete and export keys without a second factor, as far as its roles allow."
            checked={form.unattended ?? false}
            onChange={(event) => setForm({ ...form, unattended: event.currentTarget.checked })}
          />
          <DialogButtons action="Add" pending={save.isPending} onCancel={close} />
        </Stack>
      </form>
    </Modal>
  )
}
