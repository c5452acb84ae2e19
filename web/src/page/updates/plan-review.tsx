import { Stack, Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { PlannedUpdate } from "../../../../src/contract/api/updates.ts"
import { formatBytes, formatDuration } from "../../../../src/contract/units.ts"
import { Instant } from "../../piece/instant.tsx"
import { Facts, Section } from "../../piece/layout.tsx"
import { TextLink } from "../../piece/link.tsx"
import { Note } from "../../piece/status.tsx"
import { sentence } from "../../words/sentence.ts"
import { proofSaying } from "../../words/state.ts"
import { SchemaChange } from "./schema-change.tsx"
import { Notes } from "./versions.tsx"

type Plan = NonNullable<PlannedUpdate["plan"]>

const WAYS = {
  clone: "A copy beside it, made while it stands still.",
  "cold-point": "A point that is taken while everything stands still.",
  refill: "A point that is taken while everything stands still, and put into the emptied database itself.",
} as const

/** Everything that an operator wants to know before saying yes. */
export function PlanReview({ plan }: { readonly plan: Plan }): ReactNode {
  return (
    <Stack gap="lg">
      <RehearsalNote plan={plan} />
      {plan.warnings.map((warning) => (
        <Note key={warning} tone="warn">
          {warning}
        </Note>
      ))}
      <Section title="The plan">
        <Facts
          of={[
            ["From", plan.from.version ?? "it does not tell its version"],
            ["To", `${plan.to.version}, ${sourceOf(plan)}`],
            ...(plan.hopsAfter.length === 0
              ? []
              : [["Then", `${plan.hopsAfter.join(", ")}, each planned and confirmed for itself`] as const]),
            [
              "Down for",
              plan.predictedDowntimeMs === null ? "known after the rehearsal" : `about ${formatDuration(plan.predictedDowntimeMs)}`,
            ],
            ["Made anew", listed(plan.services)],
            ["Stopped", plan.stops.length === 0 ? "nothing" : `${listed(plan.stops)}, for the moment of the copy`],
            ["Proof", <Proof key="proof" plan={plan} />],
            ["Way back", `for ${formatDuration(plan.rollbackWindowMs)}: images, configuration and data together`],
          ]}
        />
      </Section>
      <Section title="What is kept for the way back" tight>
        <ul className="rows rows-small">
          {plan.databases.map(({ name, way, why, sizeBytes }) => (
            <li key={name}>
              <Text fw={600}>
                Database {name} ({formatBytes(sizeBytes)})
              </Text>
              <Text size="sm" c="dimmed" className="wrap">
                {WAYS[way]} {why}
              </Text>
            </li>
          ))}
          {plan.space.map(({ where, neededBytes, freeBytes }) => (
            <li key={where}>
              <Text size="sm" className="wrap">
                Needs {formatBytes(neededBytes)} in {where}, {formatBytes(freeBytes)} are free.
              </Text>
            </li>
          ))}
        </ul>
      </Section>
      <Edits plan={plan} />
      <Notes releases={[plan.to]} />
    </Stack>
  )
}

function RehearsalNote({ plan: { rehearsal } }: { readonly plan: Plan }): ReactNode {
  if (rehearsal === null) {
    return (
      <Note tone="busy" title="It is rehearsed first.">
        The newest point is restored beside (taken first where the app has changed since the last), and the new version runs its migrations
        there. If that fails, the app stays as it is.
      </Note>
    )
  }
  const { passed, at, why, startMs, migrateMs, schema } = rehearsal
  return (
    <Note tone={passed ? "good" : "bad"} title={passed ? "The rehearsal passed." : "The rehearsal failed."}>
      {why === null ? null : <p>{sentence(why)}</p>}
      <p>
        <Instant at={at} />
        {/* A program without containers is not started in its rehearsal. */}
        {passed && startMs > 0 ? `, well after ${formatDuration(startMs)}` : ""}
        {migrateMs === null ? "" : `, migration ${formatDuration(migrateMs)}`}.
      </p>
      <SchemaChange schema={schema} />
    </Note>
  )
}

function Proof({ plan: { app, proof, vault } }: { readonly plan: Plan }): ReactNode {
  return (
    <>
      {proofSaying(proof.level).text} <Instant at={proof.at} />, point{" "}
      <TextLink to="/apps/$app/points/$point" params={{ app, point: proof.point }} className="mono wrap">
        {proof.point}
      </TextLink>{" "}
      in {vault}
    </>
  )
}

/** Every other byte of these files stays. */
function Edits({ plan: { edits } }: { readonly plan: Plan }): ReactNode {
  if (edits.length === 0) return null
  return (
    <Section title="What is edited" lead="Every other byte of these files stays as it is.">
      <Stack gap="md">
        {edits.map(({ path, diff }) => (
          <div key={path}>
            <Text size="sm" className="mono wrap" mb={4}>
              {path}
            </Text>
            <pre className="log unwrapped" tabIndex={0} aria-label={`Difference of ${path}`}>
              {diff.trimEnd()}
            </pre>
          </div>
        ))}
      </Stack>
    </Section>
  )
}

function sourceOf({ to: { signed, foundIn } }: Plan): string {
  if (signed !== null) return `signed release ${signed.sequence} of channel ${signed.channel}`
  return {
    manifest: "from a manifest",
    registry: "found in the registry",
    git: "from the git repository",
    directories: "from a directory on the host",
    given: "named by a person",
  }[foundIn]
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(", ")
}
