import { Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { PlannedUpdate } from "../../../../src/contract/api/updates.ts"
import { grouped } from "../../words/count.ts"

type Schema = NonNullable<NonNullable<PlannedUpdate["plan"]>["rehearsal"]>["schema"]

/** What the rehearsal saw the new version do to the schema. */
export function SchemaChange({ schema }: { readonly schema: Schema }): ReactNode {
  const changes = changesOf(schema)
  return (
    <Text size="sm" c="dimmed" className="wrap">
      {changes.length === 0 ? "The schema stays as it is." : `Schema: ${changes.join("; ")}.`}
    </Text>
  )
}

export function changesOf({ from, to, tablesAdded, tablesRemoved, columnsAdded, columnsRemoved, rows }: Schema): readonly string[] {
  return [
    ...(from === to ? [] : [`${from ?? "unknown"} becomes ${to ?? "unknown"}`]),
    ...named("adds table", tablesAdded),
    ...named("removes table", tablesRemoved),
    ...named("adds column", columnsAdded),
    ...named("removes column", columnsRemoved),
    ...rows.map(({ table, before, after }) => `${table} has ${grouped(after)} rows instead of ${grouped(before)}`),
  ]
}

function named(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${what}${names.length === 1 ? "" : "s"} ${names.join(", ")}`]
}
