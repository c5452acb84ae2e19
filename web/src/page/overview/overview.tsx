import { ButtonLink, TextLink } from "../../piece/link.tsx"
import { Stack } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import type { Overview as OverviewDocument } from "../../../../src/contract/api/overview.ts"
import { Icon } from "../../piece/icon.tsx"
import { Empty, Loaded, Page, Section } from "../../piece/layout.tsx"
import { Note } from "../../piece/status.tsx"
import { useMay } from "../../wire/may.ts"
import { overviewQuery } from "../../wire/queries.ts"
import { counted } from "../../words/count.ts"
import { AppRow, needsFirst } from "./app-row.tsx"
import { Attention } from "./attention.tsx"
import { NextRuns, Space } from "./next-runs.tsx"

/** Am I safe? Every app in one sentence, what needs attention first. */
export function Overview(): ReactNode {
  const query = useQuery(overviewQuery)
  const may = useMay()
  const add = may("owner", null) ? (
    <ButtonLink to="/add-app" leftSection={<Icon name="plus" />}>
      Add app
    </ButtonLink>
  ) : null
  return (
    <Page title="Overview" lead={query.data === undefined ? undefined : summary(query.data)} actions={add}>
      <Loaded query={query}>{(overview) => <Content overview={overview} add={add} mayLookAtVaults={may("viewer", null)} />}</Loaded>
    </Page>
  )
}

interface ContentProps {
  readonly overview: OverviewDocument
  readonly add: ReactNode
  readonly mayLookAtVaults: boolean
}

function Content({ overview, add, mayLookAtVaults }: ContentProps): ReactNode {
  const { apps, attention, nextRuns, vaults, settingsProblem } = overview
  return (
    <Stack gap="lg">
      {settingsProblem === null ? null : (
        <Note tone="bad" title="The settings file cannot be used; the last good settings are in force.">
          <p>{settingsProblem}</p>
        </Note>
      )}
      {attention.length === 0 ? null : <Attention alarms={attention} />}
      <Section title="Apps" tight>
        {apps.length === 0 ? (
          <Empty title="No app is protected yet." action={add}>
            Add one from its compose file: Holdfast looks what it consists of, you review it, and its first backup can run at once.
          </Empty>
        ) : (
          <ul className="rows">
            {apps.toSorted(needsFirst).map((app) => (
              <AppRow key={app.app} app={app} />
            ))}
          </ul>
        )}
      </Section>
      <div className="two">
        <Section
          title="Next runs"
          tight
          actions={
            <TextLink to="/schedules" size="sm">
              Schedules
            </TextLink>
          }
        >
          <NextRuns runs={nextRuns} />
        </Section>
        <Section
          title="Space"
          tight
          actions={
            !mayLookAtVaults ? undefined : (
              <TextLink to="/vaults" size="sm">
                Vaults
              </TextLink>
            )
          }
        >
          <Space vaults={vaults} />
        </Section>
      </div>
    </Stack>
  )
}

function summary({ apps, attention }: OverviewDocument): string {
  if (apps.length === 0) return "Nothing is protected yet."
  const open = apps.filter((app) => !app.protected).length
  const needs = attention.filter((alarm) => alarm.endedAt === null).length
  if (open === 0 && needs === 0) return apps.length === 1 ? "Your app is protected." : `All ${apps.length} apps are protected.`
  if (open === 0) return `All apps are protected; ${counted(needs, "thing")} ${needs === 1 ? "needs" : "need"} attention.`
  return `${open} of ${counted(apps.length, "app")} ${open === 1 ? "is" : "are"} not protected.`
}
