import { Stack } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useParams } from "@tanstack/react-router"
import type { ReactNode } from "react"
import type { UpdatesPage } from "../../../../src/contract/api/updates.ts"
import { Instant } from "../../piece/instant.tsx"
import { Empty, Loaded, Page, Section } from "../../piece/layout.tsx"
import { TextLink } from "../../piece/link.tsx"
import { Note } from "../../piece/status.tsx"
import { updatesQuery } from "../../wire/queries.ts"
import { History } from "./history.tsx"
import { LastResult } from "./last-result.tsx"
import { Running } from "./running.tsx"
import { UpdateActions } from "./update-actions.tsx"
import { Notes, Versions } from "./versions.tsx"

/** Updates of one app: what runs, what is there, what happens just now, what happened, and the way back. */
export function AppUpdates(): ReactNode {
  const { app } = useParams({ from: "/apps/$app/updates" })
  const query = useQuery(updatesQuery(app))
  return (
    <Page
      title={`Updates of ${app}`}
      above={
        <TextLink to="/apps/$app" params={{ app }} size="sm">
          {app}
        </TextLink>
      }
      actions={query.data === undefined ? undefined : <UpdateActions page={query.data} />}
    >
      <Loaded query={query}>{(page) => <Content page={page} />}</Loaded>
    </Page>
  )
}

function Content({ page }: { readonly page: UpdatesPage }): ReactNode {
  return (
    <Stack gap="lg">
      {page.operation === null ? <LastResult page={page} /> : <Running operation={page.operation} />}
      {page.lookProblem === null ? null : (
        <Note tone="bad" title="The last search for releases failed.">
          {page.lookProblem}
        </Note>
      )}
      {page.missed === null ? null : (
        <Note tone="warn" title={`${page.missed.version} was not applied in its window.`}>
          <p>
            {page.missed.reason} (<Instant at={page.missed.at} />)
          </p>
        </Note>
      )}
      {page.notices.map((notice) => (
        <Note key={notice} tone="warn">
          {notice}
        </Note>
      ))}
      {page.rules === null ? <NotFollowed app={page.app} /> : <Versions page={page} rules={page.rules} />}
      <Notes releases={page.releases} />
      <History page={page} />
    </Stack>
  )
}

function NotFollowed({ app }: { readonly app: string }): ReactNode {
  return (
    <Section title="Where updates come from">
      <Empty title="The settings do not say where updates come from.">
        Add <code>updates</code> to {app} in the settings file: signed releases of its vendor, or the tags of a registry. The manual&apos;s
        page of the first update has ten lines to copy.
      </Empty>
    </Section>
  )
}
