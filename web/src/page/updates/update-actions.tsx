import { Button, Menu } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { updatesPage, type UpdatesPage } from "../../../../src/contract/api/updates.ts"
import { tellDone, tellProblem } from "../../piece/actions.tsx"
import { ButtonLink } from "../../piece/link.tsx"
import { ask } from "../../wire/ask.ts"
import { useMay } from "../../wire/may.ts"
import { place } from "../../wire/place.ts"
import { useBeginUpdate } from "./begin.ts"

/** What can be done about updates; nothing that the reader may not do, and nothing while one is under way. */
export function UpdateActions({ page }: { readonly page: UpdatesPage }): ReactNode {
  const { app, rules, releases, rollback } = page
  const may = useMay()
  const client = useQueryClient()
  const begin = useBeginUpdate(app)
  const look = useMutation({
    mutationFn: async () => await ask(updatesPage, place`/apps/${app}/update-check`, { method: "POST", body: {} }),
    onSuccess: async (seen) => {
      await client.invalidateQueries({ queryKey: ["app", app, "updates"] })
      tellDone(seen.latest === null ? "Nothing newer is there." : `${seen.latest} is there.`)
    },
    onError: tellProblem,
  })
  if (!may("update.apply", app) || rules === null) return null
  const busy = page.operation !== null
  return (
    <>
      {releases.length === 0 || busy ? null : (
        <ButtonLink to="/apps/$app/updates/apply" params={{ app }}>
          Apply…
        </ButtonLink>
      )}
      {rollback === null || busy ? null : (
        <ButtonLink variant="default" to="/apps/$app/updates/rollback" params={{ app }}>
          Roll back…
        </ButtonLink>
      )}
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <Button variant="default" loading={look.isPending || begin.isPending}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => look.mutate()}>Look for releases</Menu.Item>
          <Menu.Item disabled={releases.length === 0 || busy} onClick={() => begin.mutate({ path: place`/apps/${app}/rehearse` })}>
            Rehearse the update
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  )
}
