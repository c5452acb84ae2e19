import { Group, Select, Table, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useNavigate, useParams, useSearch } from "@tanstack/react-router"
import type { ReactNode } from "react"
import type { FilesPage } from "../../../../src/contract/api/points.ts"
import { formatBytes } from "../../../../src/contract/units.ts"
import { Icon } from "../../piece/icon.tsx"
import { Instant } from "../../piece/instant.tsx"
import { Empty, Loaded, Page, Section } from "../../piece/layout.tsx"
import { TextLink } from "../../piece/link.tsx"
import { Note } from "../../piece/status.tsx"
import { useMay } from "../../wire/may.ts"
import { filesQuery, pointQuery } from "../../wire/queries.ts"
import { DownloadButton } from "./download.tsx"
import { crumbsOf, nameIn } from "./paths.ts"

/** The files inside one part of a point. */
export function Files(): ReactNode {
  const { app, point } = useParams({ from: "/apps/$app/points/$point/files" })
  const search = useSearch({ from: "/apps/$app/points/$point/files" })
  const navigate = useNavigate()
  const known = useQuery(pointQuery(app, point, undefined))
  const parts = known.data?.parts.filter((part) => part.browsable).map((part) => part.part) ?? []
  const part = search.part ?? parts[0]
  const path = search.path ?? "/"
  return (
    <Page
      title="Files"
      above={
        <Group gap={6}>
          <TextLink to="/apps/$app" params={{ app }} size="sm">
            {app}
          </TextLink>
          <Text size="sm" c="dimmed">
            /
          </Text>
          <TextLink to="/apps/$app/points/$point" params={{ app, point }} size="sm">
            {point}
          </TextLink>
        </Group>
      }
    >
      {part === undefined ? (
        <Loaded query={known}>{() => <Empty title="This point has no files to browse." />}</Loaded>
      ) : (
        <>
          {parts.length < 2 ? null : (
            <Select
              label="Part"
              data={parts}
              value={part}
              allowDeselect={false}
              maw={320}
              onChange={(value) =>
                void navigate({ to: "/apps/$app/points/$point/files", params: { app, point }, search: { part: value ?? part, path: "/" } })
              }
            />
          )}
          <Listing app={app} point={point} part={part} path={path} />
        </>
      )}
    </Page>
  )
}

interface Where {
  readonly app: string
  readonly point: string
  readonly part: string
  readonly path: string
}

function Listing({ app, point, part, path }: Where): ReactNode {
  const query = useQuery(filesQuery(app, point, { part, path }))
  return (
    <Section title={part} tight actions={<Crumbs app={app} point={point} part={part} path={path} />}>
      <Loaded query={query}>
        {(page) =>
          page.entries.length === 0 ? (
            <Empty title="This folder is empty." />
          ) : (
            <>
              <Entries where={{ app, point, part, path }} entries={page.entries} />
              {page.more ? (
                <Note tone="warn">Only the first {page.entries.length} are shown. The command line lists them all: holdfast files.</Note>
              ) : null}
            </>
          )
        }
      </Loaded>
    </Section>
  )
}

function Crumbs({ app, point, part, path }: Where): ReactNode {
  return (
    <nav aria-label="Folders">
      <Group gap={4}>
        {crumbsOf(path).map((crumb, index, all) => (
          <Group gap={4} key={crumb.path} wrap="nowrap">
            {index === all.length - 1 ? (
              <Text size="sm" fw={600} aria-current="location">
                {crumb.name}
              </Text>
            ) : (
              <TextLink to="/apps/$app/points/$point/files" params={{ app, point }} search={{ part, path: crumb.path }} size="sm">
                {crumb.name}
              </TextLink>
            )}
            {index === all.length - 1 ? null : (
              <Text size="sm" c="dimmed" aria-hidden>
                /
              </Text>
            )}
          </Group>
        ))}
      </Group>
    </nav>
  )
}

function Entries({ where, entries }: { readonly where: Where; readonly entries: FilesPage["entries"] }): ReactNode {
  const { app, point, part } = where
  const mayDownload = useMay()("restore", app)
  return (
    <div className="scrolls" tabIndex={0} role="region" aria-label="Files">
      <Table verticalSpacing={8} horizontalSpacing="md">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th ta="right">Size</Table.Th>
            <Table.Th className="wide-only">Changed</Table.Th>
            <Table.Th>
              <span className="unseen">Download</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((entry) => (
            <Table.Tr key={entry.path}>
              <Table.Td>
                <Group gap={8} wrap="nowrap">
                  <Icon name={entry.kind === "dir" ? "folder" : "file"} size={16} />
                  {entry.kind === "dir" ? (
                    <TextLink to="/apps/$app/points/$point/files" params={{ app, point }} search={{ part, path: entry.path }}>
                      {nameIn(entry.path)}
                    </TextLink>
                  ) : (
                    <span className="wrap">{nameIn(entry.path)}</span>
                  )}
                </Group>
              </Table.Td>
              <Table.Td ta="right" className="nowrap">
                {entry.kind === "file" ? formatBytes(entry.sizeBytes) : ""}
              </Table.Td>
              <Table.Td className="wide-only">
                <Instant at={entry.modifiedAt} />
              </Table.Td>
              <Table.Td>
                {entry.kind === "file" && mayDownload ? <DownloadButton app={app} point={point} part={part} path={entry.path} /> : null}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}
