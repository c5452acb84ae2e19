import { z } from "zod"
import {
  pinBody,
  pinned,
  compared,
  pointPage,
  pointsPage,
  type Point,
  type PointCopy,
  type PointPage,
  type PointsPage,
} from "../../../contract/api/points.ts"
import type { PinRecord, PointSummary, ProofRecord } from "../../../operation/ports.ts"
import { markDamage } from "../../../posture/damage.ts"
import { plainRestore, tablesIn, toRestore } from "../../../restore/restore.ts"
import type { Decision } from "../../../retention/retention.ts"
import { comparison } from "../../house/comparison.ts"
import type { House } from "../../house/house.ts"
import { knowPoints } from "../../house/known-points.ts"
import { bestProofs, keyOf, RANK, toldOf } from "../../house/listed-points.ts"
import { changePin } from "../../house/change-pin.ts"
import { openPoints } from "../../house/point-subject.ts"
import { describePart, shownPoint } from "../../house/shown-point.ts"
import { declaredApp } from "../../house/subject.ts"
import { decisionsOf, policyOf } from "../kept-why.ts"
import { selected } from "../selected.ts"
import { none, route, type Call, type Route } from "./route.ts"

const PAGE = 100
const MOST = 1000
/** Beyond this, saying why each is kept takes longer than a page may. */
const JUDGED = 500

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MOST).default(PAGE),
  before: z.string().optional(),
  vault: z.string().optional(),
})
const ofVault = z.object({ vault: z.string().optional() })
const compareQuery = z.object({ from: z.string(), to: z.string(), vault: z.string().optional() })

export const pointRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/apps/{app}/points",
    summary: "Recovery points, newest first, with the copies and proofs of each.",
    query: listQuery,
    body: none,
    answer: pointsPage,
    handle: async ({ ground, query, param }) => await listOf(ground.house, param("app"), query),
  }),
  route({
    method: "GET",
    path: "/api/v1/apps/{app}/points/{point}",
    summary: "Everything about one point, and what a restore would bring back of it.",
    query: ofVault,
    body: none,
    answer: pointPage,
    handle: async (call) => await pageOf(call),
  }),
  route({
    method: "GET",
    path: "/api/v1/apps/{app}/compare",
    summary: "What the facts of two points say: versions, sizes, rows.",
    query: compareQuery,
    body: none,
    answer: compared,
    handle: async ({ ground, query, param }) => {
      const { declared, point } = await openPoints(ground.house, { app: param("app"), vault: query.vault ?? null, point: null })
      return comparison(declared.name, (await point(query.from)).manifest, (await point(query.to)).manifest)
    },
  }),
  pinRoute("pin", true, "Pins a point: no policy removes it."),
  pinRoute("unpin", false, "Unpins a point."),
]

function pinRoute(word: "pin" | "unpin", pins: boolean, summary: string): Route {
  return route({
    method: "POST",
    path: `/api/v1/apps/{app}/points/{point}/${word}`,
    summary,
    query: none,
    body: pinBody,
    answer: pinned,
    audit: word,
    handle: async ({ ground, body, param, who, note }) => {
      const own: House = { ...ground.house, command: `holdfast ${word} ${param("app")} (panel, ${who.name})` }
      const document = await changePin(own, selected({ param }, body.vault), pins, body.reason)
      note(document.id)
      return document
    },
  })
}

async function listOf(house: House, app: string, query: z.output<typeof listQuery>): Promise<PointsPage> {
  const [settings, store] = await Promise.all([house.settings(), house.use.store()])
  const { declared } = await declaredApp(house, app)
  const vaults = Object.keys(settings.vaults).filter((vault) => query.vault === undefined || vault === query.vault)
  await knowPoints(house, settings, [app], vaults)
  const [proofs, pins, operations, ...lists] = await Promise.all([
    store.proofs(app),
    store.pins(app),
    store.operations({ app }),
    ...vaults.map(async (vault) => await store.pointSummaries(app, vault)),
  ])
  const copies = copiesById(markDamage(lists.flat(), operations))
  const newestFirst = [...copies.values()].toSorted((left, right) => order(right) - order(left))
  const from = query.before === undefined ? 0 : newestFirst.findIndex(([first]) => first.id === query.before) + 1
  const shown = newestFirst.slice(from, from + query.limit)
  const ground: PointGround = {
    best: bestProofs(proofs),
    pins: new Map(pins.map((pin) => [pin.point, pin])),
    decisions: newestFirst.length > JUDGED ? null : await decisionsFor(house, app, query.vault ?? declared.vaults[0] ?? ""),
  }
  return {
    app,
    total: newestFirst.length,
    points: shown.map((held) => pointOf(held, ground)),
    more: from + query.limit < newestFirst.length,
  }
}

type Held = PointSummary & { readonly damaged: boolean }
/** The same point in each vault that holds it. */
type Copies = readonly [Held, ...Held[]]

function copiesById(points: readonly Held[]): ReadonlyMap<string, Copies> {
  const all = new Map<string, Copies>()
  for (const point of points) {
    const present = all.get(point.id)
    all.set(point.id, present === undefined ? [point] : [...present, point])
  }
  return all
}

function order([first]: Copies): number {
  return first.startedAt.getTime()
}

interface PointGround {
  readonly best: ReadonlyMap<string, ProofRecord>
  readonly pins: ReadonlyMap<string, PinRecord>
  readonly decisions: ReadonlyMap<string, Decision> | null
}

async function decisionsFor(house: House, app: string, vault: string): Promise<ReadonlyMap<string, Decision> | null> {
  const policy = await policyOf(house, app, vault)
  if (policy === null) return null
  return new Map((await decisionsOf(house, app, vault, policy)).decisions.map((one) => [one.id, one]))
}

function pointOf(held: Copies, ground: PointGround): Point {
  const [first] = held
  const { id } = first
  const pin = ground.pins.get(id)
  const decision = ground.decisions?.get(id)
  const strongest = held
    .flatMap(({ vault }) => ground.best.get(keyOf(vault, id)) ?? [])
    .toSorted((left, right) => RANK[right.level] - RANK[left.level])[0]
  return {
    ...toldOf(first),
    pinned: pin?.pinned === true,
    pinReason: pin?.pinned === true ? pin.reason : null,
    proof: strongest === undefined ? null : { level: strongest.level, at: strongest.at.toISOString(), vault: strongest.vault },
    copies: held.map((one) => copyOf(one, ground.best)),
    keep: decision === undefined ? null : { keep: decision.keep, reasons: decision.reasons.map((reason) => ({ ...reason })) },
  }
}

function copyOf({ vault, id, storedBytes, damaged }: Held, best: ReadonlyMap<string, ProofRecord>): PointCopy {
  const proof = best.get(keyOf(vault, id))
  return { vault, storedBytes, damaged, proof: proof === undefined ? null : { level: proof.level, at: proof.at.toISOString() } }
}

async function pageOf(call: Call<z.output<typeof ofVault>, unknown>): Promise<PointPage> {
  const { ground, query } = call
  const { house } = ground
  const { declared, store, point: find } = await openPoints(house, selected(call, query.vault))
  const point = await find(call.param("point"))
  const settings = await house.settings()
  const lists = await Promise.all(Object.keys(settings.vaults).map(async (vault) => await store.pointSummaries(declared.name, vault)))
  const own = lists.flat().filter((one) => one.id === point.manifest.id)
  const best = bestProofs(await store.proofs(declared.name))
  return {
    show: (await shownPoint(store, point)).document,
    parts: point.manifest.parts.map((part) => ({
      part: part.part,
      kind: part.kind,
      what: describePart(part),
      sizeBytes: part.sizeBytes,
      storedBytes: part.storedBytes,
      byDefault: toRestore(plainRestore, part.part),
      browsable: part.kind !== "database" && part.kind !== "image",
      tables: part.kind === "database" && part.engine !== "command" ? [...tablesIn(part)] : [],
    })),
    copies: markDamage(own, await store.operations({ app: declared.name })).map((one) => copyOf(one, best)),
  }
}
