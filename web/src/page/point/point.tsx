import { ButtonLink, TextLink } from "../../piece/link.tsx"
import { Group, Stack, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useParams } from "@tanstack/react-router"
import type { ReactNode } from "react"
import type { PointPage as PointDocument } from "../../../../src/contract/api/points.ts"
import { formatBytes, formatDuration } from "../../../../src/contract/units.ts"
import { Icon } from "../../piece/icon.tsx"
import { Instant } from "../../piece/instant.tsx"
import { Facts, Loaded, Page, Section } from "../../piece/layout.tsx"
import { Note, Status } from "../../piece/status.tsx"
import { useMay } from "../../wire/may.ts"
import { pointQuery } from "../../wire/queries.ts"
import { proofMeans, proofSaying } from "../../words/state.ts"
import { sealedFacts } from "./manifest-facts.ts"
import { PointActions } from "./point-actions.tsx"

/** One recovery point: what is in it, where it is, what is known about it. */
export function PointPage(): ReactNode {
  const { app, point } = useParams({ from: "/apps/$app/points/$point" })
  const query = useQuery(pointQuery(app, point, undefined))
  const may = useMay()
  return (
    <Page
      title={`Point ${query.data?.show.id ?? point}`}
      above={
        <TextLink to="/apps/$app" params={{ app }} size="sm">
          {app}
        </TextLink>
      }
      actions={
        query.data !== undefined && may("restore", app) ? (
          <ButtonLink to="/apps/$app/points/$point/restore" params={{ app, point: query.data.show.id }}>
            Restore…
          </ButtonLink>
        ) : undefined
      }
    >
      <Loaded query={query}>{(page) => <Content app={app} page={page} />}</Loaded>
    </Page>
  )
}

function Content({ app, page }: { readonly app: string; readonly page: PointDocument }): ReactNode {
  const { show, parts, copies } = page
  const facts = sealedFacts(show.manifest)
  // What is in a point is the app's data itself.
  const mayBrowse = useMay()("restore", app)
  return (
    <Stack gap="lg">
      {show.pinned ? (
        <Note tone="good" title="Pinned: it is kept whatever the policy says.">
          {show.pinReason ?? ""}
        </Note>
      ) : null}
      {facts.warnings.map((warning) => (
        <Note key={warning} tone="warn">
          {warning}
        </Note>
      ))}
      <PointActions app={app} page={page} />
      <Section title="What is in it" tight>
        <ul className="rows">
          {parts.map((part) => (
            <li key={part.part}>
              <Group justify="space-between" gap="xs">
                <Text fw={600}>{part.part}</Text>
                {part.browsable && mayBrowse ? (
                  <TextLink
                    size="sm"
                    to="/apps/$app/points/$point/files"
                    params={{ app, point: show.id }}
                    search={{ part: part.part, path: "/" }}
                  >
                    <Group gap={4} component="span">
                      <Icon name="folder" size={16} /> Browse files
                    </Group>
                  </TextLink>
                ) : null}
              </Group>
              <Text size="sm" className="wrap">
                {part.what}
              </Text>
              <Text size="sm" c="dimmed">
                {formatBytes(part.sizeBytes)}, {formatBytes(part.storedBytes)} new
                {part.byDefault ? "" : ", restored only when asked"}
              </Text>
            </li>
          ))}
        </ul>
      </Section>
      <div className="two">
        <Section title="Facts">
          <Facts
            of={[
              ["Taken", facts.startedAt === null ? "not known" : <Instant key="taken" at={facts.startedAt} />],
              ["Label", facts.label ?? "none"],
              ["Version", facts.appVersion ?? "not known"],
              ["Taken while", facts.cold === true ? "the app was stopped (cold)" : "the app ran (hot)"],
              [
                "Digest",
                <span key="digest" className="mono wrap">
                  {show.digest}
                </span>,
              ],
            ]}
          />
        </Section>
        <Section title="Copies" tight>
          <ul className="rows rows-small">
            {copies.map((copy) => (
              <li key={copy.vault}>
                <Group justify="space-between" gap="xs">
                  <Text fw={600}>{copy.vault}</Text>
                  {copy.damaged ? (
                    <Status tone="bad">Damaged</Status>
                  ) : (
                    <Status tone={proofSaying(copy.proof?.level ?? null).tone}>{proofSaying(copy.proof?.level ?? null).text}</Status>
                  )}
                </Group>
                <Text size="sm" c="dimmed">
                  {formatBytes(copy.storedBytes)}
                  {copy.proof === null ? (
                    ""
                  ) : (
                    <>
                      , looked at <Instant at={copy.proof.at} />
                    </>
                  )}
                </Text>
              </li>
            ))}
          </ul>
        </Section>
      </div>
      <Section title="Proofs" tight>
        <ul className="rows rows-small">
          {show.proofs.map((proof) => (
            <li key={`${proof.operationId} ${proof.level} ${proof.vault}`}>
              <Group justify="space-between" gap="xs">
                <Group gap="sm">
                  <Status tone={proofSaying(proof.level).tone}>{proofSaying(proof.level).text}</Status>
                  <Text size="sm">{proofMeans[proof.level]}</Text>
                </Group>
                <TextLink to="/activity/$id" params={{ id: proof.operationId }} size="sm">
                  <Instant at={proof.at} />
                </TextLink>
              </Group>
              <Text size="sm" c="dimmed">
                from {proof.vault}, in {formatDuration(proof.durationMs)}
              </Text>
            </li>
          ))}
          {show.proofs.length === 0 ? <li className="quiet">Nothing has been proven about it yet. Verify it, or run a drill.</li> : null}
        </ul>
      </Section>
    </Stack>
  )
}
