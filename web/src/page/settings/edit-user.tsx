import { Button, Checkbox, Group, Modal, PasswordInput, Stack, TextInput } from "@mantine/core"
import { useState, type ReactNode } from "react"
import { z } from "zod"
import type { EditUserBody, User } from "../../../../src/contract/api/accounts.ts"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { Note } from "../../piece/status.tsx"
import { place } from "../../wire/place.ts"
import { useConfirmedSave } from "./confirmed-save.ts"
import { GrantsFields } from "./grants-fields.tsx"

interface EditUserProps {
  readonly user: User
  readonly isSelf: boolean
  readonly onClose: () => void
}

export function EditUser({ user, isSelf, onClose }: EditUserProps): ReactNode {
  const [form, setForm] = useState({
    name: user.name,
    email: user.email ?? "",
    grants: user.grants,
    disabled: user.disabled,
    password: "",
    reset: false,
  })
  const save = useConfirmedSave(z.unknown(), ["users"])
  const address = place`/users/${user.id}`
  const body = (): EditUserBody => ({
    ...(form.name === user.name ? {} : { name: form.name }),
    ...(form.email === (user.email ?? "") ? {} : { email: form.email === "" ? null : form.email }),
    ...(JSON.stringify(form.grants) === JSON.stringify(user.grants) ? {} : { grants: form.grants }),
    ...(form.disabled === user.disabled ? {} : { disabled: form.disabled }),
    ...(form.password === "" ? {} : { password: form.password }),
    ...(form.reset ? { resetSecondFactor: true as const } : {}),
  })
  return (
    <Modal opened={!save.isConfirming} onClose={onClose} title={`Edit ${user.username}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          save.send({ path: address, method: "PATCH", body: body(), done: "Saved.", onDone: onClose })
        }}
      >
        <Stack gap="md">
          {save.error === null ? null : <ProblemNote error={save.error} />}
          <TextInput
            label="Name"
            autoComplete="off"
            required
            withAsterisk={false}
            value={form.name}
            onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
          />
          <TextInput
            label="Email"
            type="email"
            autoComplete="off"
            value={form.email}
            onChange={(event) => setForm({ ...form, email: event.currentTarget.value })}
          />
          <GrantsFields grants={form.grants} onChange={(grants) => setForm({ ...form, grants: [...grants] })} />
          <PasswordInput
            label="New password"
            description="Left empty: unchanged. A new one ends every session of this user."
            minLength={12}
            autoComplete="new-password"
            value={form.password}
            onChange={(event) => setForm({ ...form, password: event.currentTarget.value })}
          />
          <Checkbox
            label="Take away the second factor and the passkeys"
            description="For whoever lost them."
            checked={form.reset}
            onChange={(event) => setForm({ ...form, reset: event.currentTarget.checked })}
          />
          {isSelf ? null : (
            <Checkbox
              label="Disabled: may not sign in"
              checked={form.disabled}
              onChange={(event) => setForm({ ...form, disabled: event.currentTarget.checked })}
            />
          )}
          {isSelf ? <Note tone="warn">This is your own account: fewer roles end your session.</Note> : null}
          <Group justify="space-between">
            {isSelf ? (
              <span />
            ) : (
              <Button
                variant="subtle"
                color="red.9"
                className="danger"
                onClick={() => save.send({ path: address, method: "DELETE", done: `${user.username} was removed.`, onDone: onClose })}
              >
                Remove
              </Button>
            )}
            <Group>
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={save.isPending}>
                Save
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
