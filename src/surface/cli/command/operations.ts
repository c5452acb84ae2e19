import type { OperationsOutput } from "../../../contract/output.ts"
import type { CommandRun } from "../command-spec.ts"
import { listedOperation } from "../../house/listed-operation.ts"
import { describeDuration, describeState } from "../render/operation.ts"
import { renderTable } from "../render/table.ts"
import { formatInstant } from "../render/time.ts"

const LIMIT = 20

/** `holdfast operations` */
export const run: CommandRun = async (house, input) => {
  const { store, host } = await house.operationTools()
  const app = input.text("app")
  const records = await store.operations({
    limit: input.count("limit") ?? LIMIT,
    unfinished: input.flag("unfinished"),
    ...(app === null ? {} : { app }),
  })
  const operations = records.map((record) => listedOperation(record, host))
  const now = house.clock.now()
  const rows = records.map((record) => {
    const listed = listedOperation(record, host)
    return [record.id, record.kind, record.app, formatInstant(record.startedAt), describeDuration(record, now), describeState(listed)]
  })
  const columns = [
    { title: "OPERATION" },
    { title: "KIND" },
    { title: "APP" },
    { title: "STARTED" },
    { title: "TOOK", right: true },
    { title: "STATE" },
  ]
  const document: OperationsOutput = { format: "holdfast.operations", version: 1, operations }
  return { document, lines: records.length === 0 ? ["no operations yet"] : renderTable(columns, rows) }
}
