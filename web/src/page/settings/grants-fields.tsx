import { Button, Group, MultiSelect, Select, Stack, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { ROLES, type Grant, type Role } from "../../../../src/contract/api/roles.ts"
import { meQuery } from "../../wire/queries.ts"
import { roleMeans } from "./grants.ts"

interface GrantsFieldsProps {
  readonly grants: readonly Grant[]
  readonly onChange: (grants: readonly Grant[]) => void
}

/** Roles, each for all apps or for some. */
export function GrantsFields({ grants, onChange }: GrantsFieldsProps): ReactNode {
  const apps = useQuery(meQuery).data?.apps ?? []
  const replace = (at: number, next: Grant): void => onChange(grants.map((grant, index) => (index === at ? next : grant)))
  return (
    <Stack gap="sm">
      {grants.map((grant, index) => (
        <div key={`${index} ${grant.role}`}>
          <Group align="flex-end" gap="sm">
            <Select
              label="Role"
              data={[...ROLES]}
              value={grant.role}
              allowDeselect={false}
              w={170}
              onChange={(role) => replace(index, asGrant(role, grant.apps))}
            />
            {grant.role === "owner" ? null : (
              <MultiSelect
                label="For"
                className="grow"
                placeholder={grant.apps === null ? "All apps, now and later" : undefined}
                data={apps}
                value={[...(grant.apps ?? [])]}
                onChange={(chosen) => replace(index, { ...grant, apps: chosen.length === 0 ? null : chosen })}
              />
            )}
            {grants.length < 2 ? null : (
              <Button
                variant="default"
                aria-label={`Take away ${grant.role}`}
                onClick={() => onChange(grants.filter((_, at) => at !== index))}
              >
                Take away
              </Button>
            )}
          </Group>
          <Text size="sm" c="dimmed" mt={2}>
            {roleMeans[grant.role]}.
          </Text>
        </div>
      ))}
      <Group>
        <Button variant="subtle" size="xs" onClick={() => onChange([...grants, { role: "viewer", apps: null }])}>
          Add another role
        </Button>
      </Group>
    </Stack>
  )
}

function asGrant(text: string | null, apps: Grant["apps"]): Grant {
  const role: Role = ROLES.find((one) => one === text) ?? "viewer"
  return { role, apps: role === "owner" ? null : apps }
}
