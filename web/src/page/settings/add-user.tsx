import { Modal, PasswordInput, Stack, TextInput } from "@mantine/core"
import { useState, type ReactNode } from "react"
import { user as userDocument, type AddUserBody } from "../../../../src/contract/api/accounts.ts"
import { DialogButtons } from "../../piece/dialog-buttons.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { GrantsFields } from "./grants-fields.tsx"
import { useConfirmedSave } from "./confirmed-save.ts"

const EMPTY: AddUserBody = { username: "", name: "", email: null, password: "", grants: [{ role: "viewer", apps: null }] }

export function AddUser({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }): ReactNode {
  const [form, setForm] = useState(EMPTY)
  const save = useConfirmedSave(userDocument, ["users"])
  const close = (): void => {
    setForm(EMPTY)
    save.reset()
    onClose()
  }
  const plain = { required: true, withAsterisk: false } as const
  return (
    <Modal opened={opened && !save.isConfirming} onClose={close} title="Add a user" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          save.send({ path: "/users", method: "POST", body: form, done: `${form.username} may sign in now.`, onDone: close })
        }}
      >
        <Stack gap="md">
          {save.error === null ? null : <ProblemNote error={save.error} />}
          <TextInput
            {...plain}
            label="User name"
            description="Small letters, digits, dot, dash."
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={form.username}
            onChange={(event) => setForm({ ...form, username: event.currentTarget.value })}
          />
          <TextInput
            {...plain}
            label="Name"
            autoComplete="off"
            value={form.name}
            onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
          />
          <TextInput
            label="Email"
            description="May be left empty."
            type="email"
            autoComplete="off"
            value={form.email ?? ""}
            onChange={(event) => setForm({ ...form, email: event.currentTarget.value === "" ? null : event.currentTarget.value })}
          />
          <PasswordInput
            {...plain}
            label="First password"
            description="At least 12 characters; they can change it."
            minLength={12}
            autoComplete="new-password"
            value={form.password}
            onChange={(event) => setForm({ ...form, password: event.currentTarget.value })}
          />
          <GrantsFields grants={form.grants} onChange={(grants) => setForm({ ...form, grants: [...grants] })} />
          <DialogButtons action="Add" pending={save.isPending} onCancel={close} />
        </Stack>
      </form>
    </Modal>
  )
}
