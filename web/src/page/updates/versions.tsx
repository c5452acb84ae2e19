import { Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { UpdatesPage } from "../../../../src/contract/api/updates.ts"
import { formatDuration } from "../../../../src/contract/units.ts"
import { Instant } from "../../piece/instant.tsx"
import { Facts, Section } from "../../piece/layout.tsx"
import { TextLink } from "../../piece/link.tsx"
import { Status } from "../../piece/status.tsx"
import { proofSaying } from "../../words/state.ts"
import { SchemaChange } from "./schema-change.tsx"
import { standingOf } from "./standing.ts"

interface VersionsProps {
  readonly page: UpdatesPage
  readonly rules: NonNullable<UpdatesPage["rules"]>
}

/** What runs, what is there, and what an update would stand on. */
export function Versions({ page, rules }: VersionsProps): ReactNode {
  const { tone, text } = standingOf(page)
  return (
    <Section title="Version" actions={<Status tone={tone}>{text}</Status>}>
      <div className="two">
        <Facts
          of={[
            ["Runs", page.running ?? "it does not tell"],
            ["Newest", page.latest ?? (page.lookedAt === null ? "nobody looked yet" : "nothing newer")],
            ...(page.releases.length < 2
              ? []
              : [
                  [
                    "On the way",
                    page.releases
                      .slice(0, -1)
                      .map(({ version }) => version)
                      .join(", "),
                  ] as const,
                ]),
            ["Looked", page.lookedAt === null ? "never" : <Instant key="looked" at={page.lookedAt} />],
            ["Follows", follows(rules)],
            [
              "Applied",
              rules.automatic ? `by itself${rules.window === null ? "" : `, ${rules.window} (${rules.timezone})`}` : "when you say so",
            ],
          ]}
        />
        <Facts
          of={[
            ["Proof in use", <Proof key="proof" app={page.app} proof={page.proof} />],
            ["Rehearsal", <Rehearsal key="rehearsal" rehearsal={page.rehearsal} />],
            ["Way back", `for ${formatDuration(rules.rollbackWindowMs)} after an update`],
          ]}
        />
      </div>
    </Section>
  )
}

function follows({ source, url, channel, signed }: VersionsProps["rules"]): string {
  if (source === "manifest") return `channel ${channel}${signed ? ", signed with a pinned key" : ""}${url === null ? "" : `, ${url}`}`
  return source === "registry" ? "tags of the registry" : `the git repository${url === null ? "" : ` ${url}`}`
}

function Proof({ app, proof }: { readonly app: string; readonly proof: UpdatesPage["proof"] }): ReactNode {
  if (proof === null) return "no point is proven to restore; run a drill first"
  return (
    <>
      {proofSaying(proof.level).text} <Instant at={proof.at} />, point{" "}
      <TextLink to="/apps/$app/points/$point" params={{ app, point: proof.point }} className="mono wrap">
        {proof.point}
      </TextLink>{" "}
      in {proof.vault}
    </>
  )
}

function Rehearsal({ rehearsal }: { readonly rehearsal: UpdatesPage["rehearsal"] }): ReactNode {
  if (rehearsal === null) return "not yet; it is done before anything is touched"
  const { passed, version, at, startMs, migrateMs, why, schema } = rehearsal
  return (
    <>
      <span className={passed ? "ink-good" : "ink-bad"}>{passed ? "Passed" : "Failed"}</span> with {version}, <Instant at={at} />
      {passed ? `; well after ${formatDuration(startMs)}` : ""}
      {migrateMs === null ? "" : `, migration ${formatDuration(migrateMs)}`}
      {why === null ? null : <Text size="sm">{why}</Text>}
      <SchemaChange schema={schema} />
    </>
  )
}

/** What vendors say is text: nothing in it is ever taken for markup. */
export function Notes({ releases }: Pick<UpdatesPage, "releases">): ReactNode {
  const told = releases.filter(({ notes }) => notes.trim() !== "").toReversed()
  if (told.length === 0) return null
  return (
    <Section title="What is new" lead="In the words of its vendor.">
      {told.map(({ version, notes }) => (
        <section key={version} className="release" aria-label={`Notes of ${version}`}>
          <Text fw={600}>{version}</Text>
          <Text className="release-notes">{notes.trim()}</Text>
        </section>
      ))}
    </Section>
  )
}
