import { TextLink } from "../../piece/link.tsx"
import { Stack, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useParams } from "@tanstack/react-router"
import { lazy, Suspense, type ReactNode } from "react"
import type { AppPage as AppDocument } from "../../../../src/contract/api/app.ts"
import { Loaded, Page } from "../../piece/layout.tsx"
import { Note } from "../../piece/status.tsx"
import { appQuery } from "../../wire/queries.ts"
import { Attention } from "../overview/attention.tsx"
import { AppActions } from "./app-actions.tsx"
import { Checklist } from "./checklist.tsx"
import { Measured } from "./measured.tsx"
import { Points } from "./points.tsx"
import { AppSchedules } from "./app-schedules.tsx"
import { InVaults } from "./in-vaults.tsx"

/** Charts are large and stand below: they come when the page is there. */
const Trend = lazy(async () => ({ default: (await import("./trend.tsx")).Trend }))

/** One app: how it stands, its points, what can be done. */
export function AppPage(): ReactNode {
  const { app } = useParams({ from: "/apps/$app" })
  const query = useQuery(appQuery(app))
  return (
    <Page
      title={app}
      above={
        <TextLink to="/" size="sm">
          Overview
        </TextLink>
      }
      actions={query.data === undefined ? undefined : <AppActions app={app} page={query.data} />}
    >
      <Loaded query={query}>{(page) => <Content app={app} page={page} />}</Loaded>
    </Page>
  )
}

function Content({ app, page }: { readonly app: string; readonly page: AppDocument }): ReactNode {
  return (
    <Stack gap="lg">
      <Posture page={page} />
      {page.alarms.length === 0 ? null : <Attention alarms={page.alarms} />}
      <Measured page={page} />
      <Points app={app} vaults={page.vaults.length} />
      {page.trend.length + page.recoveryTimes.length < 2 ? null : (
        <Suspense fallback={null}>
          <Trend page={page} />
        </Suspense>
      )}
      <div className="two">
        <AppSchedules app={app} schedules={page.schedules} />
        <InVaults vaults={page.vaults} />
      </div>
      <Checklist answers={page.status.checklist} />
    </Stack>
  )
}

function Posture({ page: { status } }: { readonly page: AppDocument }): ReactNode {
  return (
    <Note tone={status.protected ? "good" : "bad"} title={status.sentence}>
      {status.nextSteps.map((step) => (
        <Text key={step} size="sm" className="wrap" mt={2}>
          <NextStep text={step} />
        </Text>
      ))}
    </Note>
  )
}

/** What stands in backticks is a command for the host. */
export function NextStep({ text }: { readonly text: string }): ReactNode {
  return text.split("`").map((piece, index) => (index % 2 === 1 ? <code key={`${index} ${piece}`}>{piece}</code> : piece))
}
