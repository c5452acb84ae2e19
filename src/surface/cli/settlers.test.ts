import { expect, it } from "vitest"
import type { OperationKind, OperationRecord } from "../../operation/ports.ts"
import { settleExport } from "../../exchange/exchange.ts"
import { settlersOf } from "../house/settlers.ts"

/** Every kind of operation that a command of today starts. */
const KINDS: readonly OperationKind[] = [
  "backup",
  "verify",
  "drill",
  "restore",
  "undo",
  "rebuild",
  "expire",
  "copy",
  "import",
  "export",
  "pin",
  "release-kept",
]

it("knows how to settle every kind of operation, so that none blocks an app for ever", () => {
  const surroundings: unknown = {}
  const isHouse = (value: unknown): value is Parameters<typeof settlersOf>[0] => value === surroundings
  if (!isHouse(surroundings)) throw new Error("it is what was made")
  const settlers = settlersOf(surroundings)
  expect(KINDS.filter((kind) => settlers[kind] === undefined)).toEqual([])
})

it("says where an interrupted export left its files", () => {
  const operation: Pick<OperationRecord, "plan"> = { plan: { point: "p", directory: "/tmp/out", format: "stock" } }
  expect(settleExport(operation)).toEqual({ outcome: "failed", message: "interrupted; /tmp/out holds an incomplete export, remove it" })
})
