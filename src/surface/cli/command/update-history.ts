import { formatDuration } from "../../../base/units.ts"
import type { UpdateEntry, UpdateHistoryOutput } from "../../../contract/output-update.ts"
import { updateHistory } from "../../house/update-history.ts"
import type { CommandRun } from "../command-spec.ts"
import { renderTable } from "../render/table.ts"
import { formatIso } from "../render/time.ts"
import { appOf } from "../update-input.ts"

const LIMIT = 20

/** `holdfast update history` */
export const run: CommandRun = async (house, input) => {
  const app = await appOf(house, input)
  const { store, host } = await house.operationTools()
  const entries = await updateHistory(store, host, app, input.count("limit") ?? LIMIT)
  const document: UpdateHistoryOutput = { format: "holdfast.update-history", version: 1, app, entries: [...entries] }
  if (entries.length === 0) return { document, lines: [`${app} was not updated yet`] }
  const columns = [
    { title: "OPERATION" },
    { title: "WHAT" },
    { title: "FROM" },
    { title: "TO" },
    { title: "STARTED" },
    { title: "DOWN", right: true },
    { title: "PREDICTED", right: true },
    { title: "OUTCOME" },
  ]
  return { document, lines: renderTable(columns, entries.map(rowOf)) }
}

function rowOf({ operationId, kind, from, to, startedAt, downtimeMs, predictedDowntimeMs, outcome, why }: UpdateEntry): readonly string[] {
  const time = (ms: number | null): string => (ms === null ? "–" : formatDuration(ms))
  const reason = why === null ? "" : `: ${why.split("\n")[0] ?? ""}`
  return [
    operationId,
    kind,
    from ?? "–",
    to ?? "–",
    formatIso(startedAt),
    time(downtimeMs),
    time(predictedDowntimeMs),
    `${outcome}${reason}`,
  ]
}
