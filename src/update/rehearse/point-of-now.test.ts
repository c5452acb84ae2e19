import { describe, expect, it } from "vitest"
import { exampleApp } from "../../../test/fixture/example.ts"
import { daysAgo, NOW } from "../../../test/fixture/update.ts"
import type { OperationRecord } from "../../operation/ports.ts"
import { pointOfNow, type AppNow, type PointFacts } from "./point-of-now.ts"

const app = exampleApp({ databases: [], files: [], secrets: ["/srv/chat/secrets"], configuration: [] })
const DAY_MS = 86_400_000

function point(id: string, days: number, more: Partial<PointFacts> = {}): PointFacts {
  return { id, startedAt: daysAgo(days), parts: ["secrets"], damaged: false, ...more }
}

function found(points: readonly PointFacts[], more: Partial<AppNow> = {}): string {
  const answer = pointOfNow(points, { app, operations: [], configurationChangedAt: null, now: NOW, ...more }, DAY_MS)
  return answer.id ?? `none: ${answer.why}`
}

function ended(kind: OperationRecord["kind"], days: number | null): Pick<OperationRecord, "kind" | "finishedAt"> {
  return { kind, finishedAt: days === null ? null : daysAgo(days) }
}

describe("the point that an update is rehearsed on", () => {
  it("is the newest that holds everything and was not found damaged", () => {
    expect(found([point("a", 0.3), point("b", 0.2)])).toBe("b")
    expect(found([point("a", 0.3), point("b", 0.2, { parts: [] })])).toBe("a")
    expect(found([point("a", 0.3), point("b", 0.2, { damaged: true })])).toBe("a")
  })

  it("is a new one where none holds everything", () => {
    expect(found([])).toBe("none: none holds all of it")
    expect(found([point("a", 0.3, { parts: [] }), point("b", 0.2, { damaged: true })])).toBe("none: none holds all of it")
  })

  it("is a new one where the newest is older than a day, or dated in the future", () => {
    expect(found([point("a", 1)])).toBe("a")
    expect(found([{ ...point("a", 1), startedAt: new Date(NOW.getTime() - DAY_MS - 1) }])).toMatch(
      /^none: a is 24 h .*old$|^none: a is 1 d.* old$/,
    )
    expect(found([point("a", 0)])).toBe("a")
    expect(found([{ ...point("a", 0), startedAt: new Date(NOW.getTime() + 1) }])).toBe("none: a is dated in the future")
  })

  it.each(["update", "rollback", "restore", "undo", "rebuild", "adopt", "adopt-undo"] as const)(
    "is a new one where the newest is from before the end of the last %s",
    (kind) => {
      expect(found([point("a", 0.3)], { operations: [ended(kind, 0.2)] })).toBe(`none: a is from before the last ${kind}`)
      expect(found([point("a", 0.3)], { operations: [ended(kind, null)] })).toBe(`none: a is from before the last ${kind}`)
      expect(found([point("a", 0.3)], { operations: [ended(kind, 0.3), ended(kind, 0.4)] })).toBe("a")
    },
  )

  it("does not change by what leaves the app as it is", () => {
    expect(found([point("a", 0.3)], { operations: [ended("backup", 0.2), ended("rehearse", 0.1), ended("drill", null)] })).toBe("a")
  })

  it("is a new one where compose files, settings or secrets were changed since", () => {
    expect(found([point("a", 0.3)], { configurationChangedAt: daysAgo(0.3) })).toBe("a")
    const later = new Date(daysAgo(0.3).getTime() + 1)
    expect(found([point("a", 0.3)], { configurationChangedAt: later })).toBe(
      "none: a is from before the last change of compose files, settings or secrets",
    )
  })
})
