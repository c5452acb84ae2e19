import { MenuLink } from "../../piece/link.tsx"
import { Button, Menu } from "@mantine/core"
import { useState, type ReactNode } from "react"
import type { AppPage } from "../../../../src/contract/api/app.ts"
import { useBegin } from "../../piece/actions.tsx"
import { useMay } from "../../wire/may.ts"
import { place } from "../../wire/place.ts"
import { BackupDialog } from "./backup-dialog.tsx"

/** What can be done with an app; nothing that the reader may not do. */
export function AppActions({ app, page }: { readonly app: string; readonly page: AppPage }): ReactNode {
  const may = useMay()
  const begin = useBegin()
  const [asking, setAsking] = useState(false)
  if (!may("backup.manage", app)) return null
  const newest = place`/apps/${app}/points/latest`
  return (
    <>
      <Button loading={begin.isPending} onClick={() => setAsking(true)}>
        Back up now
      </Button>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <Button variant="default">More</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item disabled={page.status.points === 0} onClick={() => begin.mutate({ path: `${newest}/verify` })}>
            Verify the newest point
          </Menu.Item>
          <Menu.Item disabled={page.status.points === 0} onClick={() => begin.mutate({ path: `${newest}/drill` })}>
            Run a drill
          </Menu.Item>
          <Menu.Item disabled={page.vaults.length < 2} onClick={() => begin.mutate({ path: place`/apps/${app}/copy` })}>
            Copy to the other vaults
          </Menu.Item>
          <MenuLink to="/apps/$app/updates" params={{ app }}>
            Updates
          </MenuLink>
          <Menu.Divider />
          <MenuLink to="/apps/$app/expire" params={{ app }}>
            Expire points…
          </MenuLink>
        </Menu.Dropdown>
      </Menu>
      <BackupDialog
        app={app}
        page={page}
        opened={asking}
        onClose={() => setAsking(false)}
        begin={(body) => begin.mutate({ path: place`/apps/${app}/backup`, body })}
      />
    </>
  )
}
