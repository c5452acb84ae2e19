import { expect, it } from "vitest"
import { canonicalJson } from "../base/canonical-json.ts"
import type { Manifest } from "../recovery-point/manifest.ts"
import { pointFromText, type SealedPoint } from "../recovery-point/sealed-point.ts"
import { exampleFilesPart, exampleManifest } from "../../test/fixture/example.ts"
import { lastHolding, lastOrdinary } from "./earlier.ts"

function point(sequence: number, trigger: Manifest["trigger"], files: number): SealedPoint {
  const manifest = { ...exampleManifest(files === 0 ? [] : [exampleFilesPart(files, 10)]), id: `20260101T00000${sequence}Z-1`, trigger }
  return pointFromText(canonicalJson(manifest), "local", { app: manifest.app, id: manifest.id })
}

const part = exampleFilesPart(1, 1).part

it("judges a capture by the newest ordinary point that holds the part, not by a safety point of the damage", () => {
  const ordinary = point(1, "manual", 100)
  const earlier = [ordinary, point(2, "safety", 1), point(3, "import", 1), point(4, "schedule", 0)]

  expect(lastOrdinary(earlier, part)?.id).toBe(ordinary.manifest.id)
})

it("looks for unchanged files in the newest point of any kind that holds the part", () => {
  const safety = point(2, "safety", 1)

  expect(lastHolding([point(1, "manual", 100), safety, point(3, "manual", 0)], part)?.manifest.id).toBe(safety.manifest.id)
  expect(lastHolding([], part)).toBeNull()
  expect(lastOrdinary([safety], part)).toBeNull()
})
