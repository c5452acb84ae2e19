import { Button, Group, Select, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useNavigate, useSearch } from "@tanstack/react-router"
import { useState, type ReactNode } from "react"
import { Empty, Loaded, Page, Section } from "../../piece/layout.tsx"
import { meQuery, operationsQuery } from "../../wire/queries.ts"
import { OperationRow } from "./operation-row.tsx"

const PAGE = 30

/** Every operation, newest first. */
export function Activity(): ReactNode {
  const { app } = useSearch({ from: "/activity" })
  const [limit, setLimit] = useState(PAGE)
  const query = useQuery(operationsQuery(app, limit))
  const me = useQuery(meQuery)
  const navigate = useNavigate()
  const apps = me.data?.apps ?? []
  return (
    <Page title="Activity" lead="Every operation, whether it was started here, by a schedule or on the host.">
      <Section
        title="Operations"
        tight
        actions={
          apps.length < 2 ? undefined : (
            <Select
              aria-label="App"
              placeholder="All apps"
              data={apps}
              value={app ?? null}
              clearable
              clearButtonProps={{ "aria-label": "All apps" }}
              w={200}
              size="xs"
              onChange={(value) => void navigate({ to: "/activity", search: { app: value ?? undefined } })}
            />
          )
        }
      >
        <Loaded query={query}>
          {({ operations }) =>
            operations.length === 0 ? (
              <Empty title="Nothing has run yet.">Backups, drills and restores appear here as soon as they begin.</Empty>
            ) : (
              <>
                <ul className="rows">
                  {operations.map((operation) => (
                    <OperationRow key={operation.id} operation={operation} />
                  ))}
                </ul>
                <Group justify="center" p="sm" className="foot">
                  {operations.length < limit ? (
                    <Text size="sm" c="dimmed">
                      That is all.
                    </Text>
                  ) : (
                    <Button variant="default" loading={query.isFetching} onClick={() => setLimit((old) => old * 2)}>
                      Show older operations
                    </Button>
                  )}
                </Group>
              </>
            )
          }
        </Loaded>
      </Section>
    </Page>
  )
}
