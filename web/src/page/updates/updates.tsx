import { Group, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import type { UpdatesPage } from "../../../../src/contract/api/updates.ts"
import { Instant } from "../../piece/instant.tsx"
import { Empty, Loaded, Page, Section } from "../../piece/layout.tsx"
import { TextLink } from "../../piece/link.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { Status } from "../../piece/status.tsx"
import { meQuery, updatesQuery } from "../../wire/queries.ts"
import { standingOf } from "./standing.ts"

/** Every app: what runs, and what could. */
export function Updates(): ReactNode {
  const query = useQuery(meQuery)
  return (
    <Page title="Updates" lead="What runs, and what could. Every update is rehearsed on a copy of the data first, and can be rolled back.">
      <Section title="Apps" tight>
        <Loaded query={query}>
          {({ apps }) =>
            apps.length === 0 ? (
              <Empty title="There is no app yet.">Add one on the overview; then it can be kept up to date here.</Empty>
            ) : (
              <ul className="rows">
                {apps.map((app) => (
                  <OfApp key={app} app={app} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Section>
    </Page>
  )
}

function OfApp({ app }: { readonly app: string }): ReactNode {
  const query = useQuery(updatesQuery(app))
  return (
    <li className="linked">
      <Group justify="space-between" gap="xs" align="flex-start">
        <TextLink to="/apps/$app/updates" params={{ app }} fw={650}>
          {app}
        </TextLink>
        {query.data === undefined ? null : <Status tone={standingOf(query.data).tone}>{standingOf(query.data).text}</Status>}
      </Group>
      {query.data === undefined && query.isError ? (
        <ProblemNote error={query.error} />
      ) : (
        <Loaded query={query}>{(page) => <Line page={page} />}</Loaded>
      )}
    </li>
  )
}

function Line({ page }: { readonly page: UpdatesPage }): ReactNode {
  const { running, latest, rules, lookedAt, lookProblem } = page
  return (
    <>
      <Text mt={4} className="wrap">
        {running === null ? "It does not tell its version" : `Runs ${running}`}
        {latest === null ? "." : `; ${latest} is there.`}
      </Text>
      <Group gap="md" mt={4} className="quiet">
        {rules === null ? (
          <span>nobody said where its updates come from</span>
        ) : (
          <>
            <span>
              {rules.source === "manifest"
                ? `channel ${rules.channel}`
                : { registry: "from the registry", git: "from the git repository", directories: "from directories on the host" }[
                    rules.source
                  ]}
            </span>
            <span>{rules.automatic ? `by itself${rules.window === null ? "" : `, ${rules.window}`}` : "when you say so"}</span>
          </>
        )}
        {lookedAt === null ? null : (
          <span>
            looked <Instant at={lookedAt} />
          </span>
        )}
        {lookProblem === null ? null : <span className="danger wrap">{lookProblem}</span>}
      </Group>
    </>
  )
}
