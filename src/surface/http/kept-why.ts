import type { Keep } from "../../app/app.ts"
import { policyFor, type VaultPolicy } from "../../expire/expire.ts"
import { judgePoints, type JudgedPoint } from "../../expire/facts.ts"
import { decideRetention, type Decision, type RetentionPoint } from "../../retention/retention.ts"
import { nextRuns } from "../../schedule/due.ts"
import { vaultKeep } from "../../settings/vault-location.ts"
import type { House } from "../house/house.ts"
import { declaredApp } from "../house/subject.ts"

export interface Judged {
  readonly points: readonly JudgedPoint[]
  /** Newest first. */
  readonly decisions: readonly Decision[]
}

/** What says how long points of this app stay in this vault; null when nothing does. */
export async function policyOf(house: House, app: string, vault: string): Promise<VaultPolicy | null> {
  const { settings, declared } = await declaredApp(house, app)
  return policyFor(declared, vault, vaultKeep(settings, vault))
}

/** What a policy says of each point now. Nothing in the vault is asked. */
export async function decisionsOf(house: House, app: string, vault: string, policy: VaultPolicy): Promise<Judged> {
  const [{ declared }, store] = await Promise.all([declaredApp(house, app), house.use.store()])
  const points = await judgePoints(store, declared, vault, false)
  return { points, decisions: decideRetention(points, policy.policy, house.clock.now(), policy.timezone) }
}

const RUNS_AHEAD = 400
/** Looking ahead costs a decision for each coming run; more points than this are not looked at. */
const POINTS_AHEAD = 200

/** When each point goes if every coming run succeeds; a point that is not among them stays, or cannot be told. */
export async function departures(
  house: House,
  app: string,
  vault: string,
  policy: VaultPolicy,
  now: readonly RetentionPoint[],
): Promise<ReadonlyMap<string, Date>> {
  const goes = new Map<string, Date>()
  if (now.length > POINTS_AHEAD) return goes
  const slots = await comingRuns(house, app, vault)
  let points = [...now]
  let sequence = Math.max(0, ...now.map((point) => point.sequence))
  const waiting = new Set(now.map((point) => point.id))
  for (const [index, at] of slots.entries()) {
    sequence += 1
    points.push(comingPoint(`coming ${index}`, sequence, at))
    const decisions = decideRetention(points, policy.policy, at, policy.timezone)
    const kept = new Set(decisions.filter((one) => one.keep).map((one) => one.id))
    for (const id of waiting) {
      if (kept.has(id)) continue
      goes.set(id, at)
      waiting.delete(id)
    }
    points = points.filter((point) => kept.has(point.id))
    if (waiting.size === 0) break
  }
  return goes
}

async function comingRuns(house: House, app: string, vault: string): Promise<readonly Date[]> {
  const { declared } = await declaredApp(house, app)
  const writing = Object.values(declared.schedules).filter((one) => one.enabled && (one.vault === vault || one.copies.includes(vault)))
  const all = writing.flatMap((one) => nextRuns(one, house.clock.now(), RUNS_AHEAD))
  return all.toSorted((left, right) => left.getTime() - right.getTime()).slice(0, RUNS_AHEAD)
}

/** A point as each coming run would make it, if all goes well. */
export function comingPoint(id: string, sequence: number, startedAt: Date): RetentionPoint {
  return {
    id,
    sequence,
    startedAt,
    group: "",
    proven: true,
    failed: false,
    suspicious: false,
    pinned: false,
    migration: false,
    neededBy: null,
  }
}

/** `keep` as the settings write it. */
export function keepText({ withinMs, ...counts }: Keep): Record<string, number | string> {
  const members = Object.entries(counts).filter((entry): entry is [string, number] => entry[1] !== undefined)
  return { ...Object.fromEntries(members), ...(withinMs === undefined ? {} : { within: `${Math.round(withinMs / 60_000)}m` }) }
}
