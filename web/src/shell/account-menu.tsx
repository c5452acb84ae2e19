import { MenuLink } from "../piece/link.tsx"
import { Button, Menu, useMantineColorScheme } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { Icon } from "../piece/icon.tsx"
import { signOut } from "../wire/auth.ts"
import { meQuery } from "../wire/queries.ts"

export function AccountMenu(): ReactNode {
  const client = useQueryClient()
  const { data: me } = useQuery(meQuery)
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const leave = useMutation({ mutationFn: signOut, onSettled: async () => await client.resetQueries() })
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button variant="subtle" color="gray" c="inherit" px="xs" leftSection={<Icon name="person" />}>
          <span className="account-name">{me?.username ?? "Account"}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuLink to="/settings" leftSection={<Icon name="settings" />}>
          Your account
        </MenuLink>
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="sun" />} aria-current={colorScheme === "light"} onClick={() => setColorScheme("light")}>
          Light
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="moon" />} aria-current={colorScheme === "dark"} onClick={() => setColorScheme("dark")}>
          Dark
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="device" />} aria-current={colorScheme === "auto"} onClick={() => setColorScheme("auto")}>
          As the device
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => leave.mutate()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
