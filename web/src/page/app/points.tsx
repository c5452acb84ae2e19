import { ButtonLink } from "../../piece/link.tsx"
import { Button, Checkbox, Group, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import type { PointsPage } from "../../../../src/contract/api/points.ts"
import { Empty, Loaded, Section } from "../../piece/layout.tsx"
import { pointsQuery } from "../../wire/queries.ts"
import { counted } from "../../words/count.ts"
import { PointRow } from "./point-row.tsx"

const PAGE = 8

/** The timeline: newest first, as many as are asked for. */
export function Points({ app, vaults }: { readonly app: string; readonly vaults: number }): ReactNode {
  const [limit, setLimit] = useState(PAGE)
  const [comparing, setComparing] = useState(false)
  const [chosen, setChosen] = useState<readonly string[]>([])
  const query = useQuery(pointsQuery(app, limit))
  const toggle = (id: string, on: boolean): void => setChosen((old) => (on ? [...old, id].slice(-2) : old.filter((one) => one !== id)))
  return (
    <Section
      title="Recovery points"
      tight
      lead={query.data === undefined ? undefined : counted(query.data.total, "point")}
      actions={
        (query.data?.total ?? 0) < 2 ? undefined : (
          <CompareBar app={app} chosen={ordered(chosen, query.data)} comparing={comparing} onToggle={() => setComparing((old) => !old)} />
        )
      }
    >
      <Loaded query={query}>
        {(page) =>
          page.points.length === 0 ? (
            <Empty title="There is no recovery point yet.">The first backup makes one.</Empty>
          ) : (
            <>
              <ol className="rows">
                {page.points.map((point) => (
                  <PointRow key={point.id} app={app} point={point} vaults={vaults}>
                    {comparing ? (
                      <Checkbox
                        aria-label={`Compare the point of ${point.startedAt}`}
                        checked={chosen.includes(point.id)}
                        onChange={(event) => toggle(point.id, event.currentTarget.checked)}
                      />
                    ) : null}
                  </PointRow>
                ))}
              </ol>
              {page.more ? (
                <Group justify="center" p="sm" className="foot">
                  <Button variant="default" loading={query.isFetching} onClick={() => setLimit((old) => old * 2)}>
                    Show older points
                  </Button>
                </Group>
              ) : null}
            </>
          )
        }
      </Loaded>
    </Section>
  )
}

interface CompareBarProps {
  readonly app: string
  readonly chosen: readonly string[]
  readonly comparing: boolean
  readonly onToggle: () => void
}

function CompareBar({ app, chosen, comparing, onToggle }: CompareBarProps): ReactNode {
  const [from, to] = chosen
  if (!comparing) {
    return (
      <Button variant="default" size="xs" onClick={onToggle}>
        Compare two points
      </Button>
    )
  }
  return (
    <>
      {from === undefined || to === undefined ? (
        <Text size="sm" c="dimmed">
          Choose two points
        </Text>
      ) : (
        <ButtonLink size="xs" to="/apps/$app/compare" params={{ app }} search={{ from, to }}>
          Compare
        </ButtonLink>
      )}
      <Button variant="default" size="xs" onClick={onToggle}>
        Cancel
      </Button>
    </>
  )
}

/** The older one first, whichever was chosen first. */
function ordered(chosen: readonly string[], page: PointsPage | undefined): readonly string[] {
  const place = (id: string): number => page?.points.findIndex((point) => point.id === id) ?? -1
  return chosen.toSorted((left, right) => place(right) - place(left))
}
