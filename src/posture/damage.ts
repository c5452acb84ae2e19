import type { OperationRecord } from "../operation/ports.ts"

const DAMAGE: ReadonlySet<string> = new Set([
  "POINT_DAMAGED",
  "MANIFEST_INVALID",
  "VAULT_DAMAGED",
  "DUMP_DAMAGED",
  "DUMP_TRUNCATED",
  "DRILL_FAILED",
])

interface Place {
  readonly vault: string
  readonly id: string
}

/**
 * Marks the points whose last check said that they are not to be trusted.
 * @param operations of the app, newest first
 */
export function markDamage<Point extends Place>(
  points: readonly Point[],
  operations: readonly Pick<OperationRecord, "kind" | "plan" | "outcome" | "errorCode">[],
): readonly (Point & { readonly damaged: boolean })[] {
  const damaged = damagedPoints(operations)
  return points.map((point) => ({ ...point, damaged: damaged.has(keyOf(point.vault, point.id)) }))
}

function damagedPoints(operations: Parameters<typeof markDamage>[1]): ReadonlySet<string> {
  const last = new Map<string, boolean>()
  for (const { kind, plan, outcome, errorCode } of operations) {
    if ((kind !== "verify" && kind !== "drill") || plan === null || typeof plan !== "object" || !("point" in plan)) continue
    const key = keyOf(textOf(plan["vault"]), textOf(plan.point))
    const bad = errorCode !== null && DAMAGE.has(errorCode)
    // A check that could not be made says nothing about the point.
    if (!last.has(key) && (bad || outcome === "succeeded")) last.set(key, bad)
  }
  return new Set([...last].filter(([, bad]) => bad).map(([key]) => key))
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : ""
}

function keyOf(vault: string, point: string): string {
  return `${vault}\n${point}`
}
