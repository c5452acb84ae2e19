import { Button, Group, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import type { User } from "../../../../src/contract/api/accounts.ts"
import { Icon } from "../../piece/icon.tsx"
import { Loaded, Section } from "../../piece/layout.tsx"
import { Status } from "../../piece/status.tsx"
import { meQuery, usersQuery } from "../../wire/queries.ts"
import { counted } from "../../words/count.ts"
import { grantsWords } from "./grants.ts"
import { AddUser } from "./add-user.tsx"
import { EditUser } from "./edit-user.tsx"

export function Users(): ReactNode {
  const query = useQuery(usersQuery)
  const me = useQuery(meQuery).data
  const [adding, setAdding] = useState(false)
  const [editing, setEditing] = useState<User | null>(null)
  return (
    <Section
      title="Users"
      tight
      actions={
        <Button size="xs" leftSection={<Icon name="plus" size={16} />} onClick={() => setAdding(true)}>
          Add user
        </Button>
      }
    >
      <Loaded query={query}>
        {({ users }) => (
          <ul className="rows">
            {users.map((user) => (
              <li key={user.id}>
                <Group justify="space-between" gap="xs">
                  <Group gap="sm">
                    <Text fw={600}>{user.username}</Text>
                    <Text c="dimmed">{user.name}</Text>
                    {user.id === me?.id ? <Status tone="quiet">You</Status> : null}
                    {user.disabled ? <Status tone="warn">Disabled</Status> : null}
                  </Group>
                  <Button size="xs" variant="default" aria-label={`Edit ${user.username}`} onClick={() => setEditing(user)}>
                    Edit
                  </Button>
                </Group>
                <Group gap="md" className="quiet" mt={2}>
                  <span>{grantsWords(user.grants)}</span>
                  <span>{user.twoFactor ? "second factor on" : "no second factor"}</span>
                  <span>{counted(user.passkeys, "passkey")}</span>
                  <span>{counted(user.sessions, "open session")}</span>
                </Group>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <AddUser opened={adding} onClose={() => setAdding(false)} />
      {editing === null ? null : <EditUser user={editing} isSelf={editing.id === me?.id} onClose={() => setEditing(null)} />}
    </Section>
  )
}
