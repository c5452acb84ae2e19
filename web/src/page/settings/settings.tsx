import { Tabs } from "@mantine/core"
import { useNavigate, useSearch } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { Page } from "../../piece/layout.tsx"
import { useMay } from "../../wire/may.ts"
import { Account } from "./account.tsx"
import { ApiKeys } from "./api-keys.tsx"
import { Audit } from "./audit.tsx"
import { Kits } from "./kits.tsx"
import { NotificationSettings } from "./notifications.tsx"
import { Users } from "./users.tsx"

const tabs = [
  { value: "account", label: "Your account", owner: false, content: <Account /> },
  { value: "users", label: "Users", owner: true, content: <Users /> },
  { value: "keys", label: "API keys", owner: true, content: <ApiKeys /> },
  { value: "notifications", label: "Notifications", owner: true, content: <NotificationSettings /> },
  { value: "kit", label: "Recovery kit", owner: true, content: <Kits /> },
  { value: "audit", label: "Audit log", owner: true, content: <Audit /> },
] as const

export function Settings(): ReactNode {
  const { tab } = useSearch({ from: "/settings" })
  const navigate = useNavigate()
  const isOwner = useMay()("owner", null)
  const offered = tabs.filter((one) => isOwner || !one.owner)
  const shown = offered.find((one) => one.value === tab) ?? tabs[0]
  return (
    <Page title="Settings">
      <Tabs
        value={shown.value}
        keepMounted={false}
        onChange={(value) => void navigate({ to: "/settings", search: { tab: value ?? undefined } })}
      >
        <Tabs.List mb="lg">
          {offered.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {offered.map(({ value, content }) => (
          <Tabs.Panel key={value} value={value}>
            {content}
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  )
}
