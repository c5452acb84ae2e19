import { AppShell, Burger, Group, Text, UnstyledButton } from "@mantine/core"
import { useDisclosure } from "@mantine/hooks"
import { Link, Outlet, useLocation } from "@tanstack/react-router"
import { useEffect, useRef, type ReactNode } from "react"
import { Icon, type IconName } from "../piece/icon.tsx"
import { useMay } from "../wire/may.ts"
import { AccountMenu } from "./account-menu.tsx"
import { Logo } from "./logo.tsx"

const places = [
  { to: "/", label: "Overview", icon: "overview" },
  { to: "/updates", label: "Updates", icon: "update" },
  { to: "/schedules", label: "Schedules", icon: "calendar" },
  { to: "/activity", label: "Activity", icon: "activity" },
  { to: "/vaults", label: "Vaults", icon: "vault" },
  { to: "/settings", label: "Settings", icon: "settings" },
] as const satisfies readonly { readonly to: string; readonly label: string; readonly icon: IconName }[]

/** What stands around every page. */
export function Shell(): ReactNode {
  const [open, { toggle, close }] = useDisclosure(false)
  const main = useFocusOnNewPage()
  const may = useMay()
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !open } }}
      padding={{ base: "md", sm: "xl" }}
    >
      <a href="#main" className="skip">
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger
              opened={open}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={open ? "Close the menu" : "Open the menu"}
              aria-expanded={open}
            />
            <UnstyledButton renderRoot={(props) => <Link to="/" {...props} />} aria-label="Holdfast, to the overview">
              <Group gap={8} wrap="nowrap">
                <Logo />
                <Text fw={700}>Holdfast</Text>
              </Group>
            </UnstyledButton>
          </Group>
          <AccountMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label="Pages">
        {places
          .filter(({ to }) => to !== "/vaults" || may("viewer", null))
          .map(({ to, label, icon }) => (
            <Link
              key={to}
              to={to}
              className="nav-link"
              activeOptions={{ exact: to === "/" }}
              activeProps={{ "aria-current": "page" }}
              onClick={close}
            >
              <Icon name={icon} />
              {label}
            </Link>
          ))}
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} ref={main} className="main">
        <div className="page">
          <Outlet />
        </div>
      </AppShell.Main>
    </AppShell>
  )
}

/** A new page is a new content: whoever listens or uses the keyboard begins at its top. */
function useFocusOnNewPage(): React.RefObject<HTMLElement | null> {
  const main = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  const first = useRef(true)
  useEffect(() => {
    if (!first.current) main.current?.focus({ preventScroll: true })
    first.current = false
  }, [pathname])
  return main
}
