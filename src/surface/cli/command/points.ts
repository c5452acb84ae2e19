import type { PointsOutput } from "../../../contract/output.ts"
import { formatBytes } from "../../../base/units.ts"
import type { CommandRun } from "../command-spec.ts"
import { knowPoints } from "../../house/known-points.ts"
import { appNames, vaultNames } from "../../house/names.ts"
import { listedPoints } from "../../house/listed-points.ts"
import { renderTable } from "../render/table.ts"
import { formatIso } from "../render/time.ts"

type ListedPoint = PointsOutput["points"][number]

/** `holdfast points` */
export const run: CommandRun = async (house, input) => {
  const [settings, store] = await Promise.all([house.settings(), house.use.store()])
  const vaults = vaultNames(settings, input.text("vault"))
  const apps = appNames(settings, input.argument("app"))
  await knowPoints(house, settings, apps, vaults)
  const lists = await Promise.all(apps.map(async (app) => await listedPoints(store, app, vaults, vaultNames(settings, null))))
  const points = lists.flat().toSorted((left, right) => right.sequence - left.sequence || (left.startedAt < right.startedAt ? 1 : -1))
  const shown = points.slice(0, input.count("limit") ?? points.length)
  const document: PointsOutput = { format: "holdfast.points", version: 1, points: shown }
  return {
    document,
    // Only when it is shown: ten thousand rows take their time.
    get lines() {
      return shown.length === 0 ? ["no points yet; `holdfast backup` takes the first one"] : renderTable(columns, shown.map(rowOf))
    },
  }
}

const columns = [
  { title: "POINT" },
  { title: "APP" },
  { title: "VAULT" },
  { title: "TAKEN" },
  { title: "PROOF" },
  { title: "SIZE", right: true },
  { title: "STORED", right: true },
  { title: "NOTES" },
]

function rowOf(point: ListedPoint): readonly string[] {
  const notes = [
    point.pinned ? "pinned" : null,
    point.cold ? "cold" : null,
    point.trigger === "manual" ? null : point.trigger,
    point.label,
    point.vaults.length > 1 ? `also in ${point.vaults.filter((vault) => vault !== point.vault).join(", ")}` : null,
    point.warnings === 0 ? null : `${point.warnings} warnings`,
  ]
  return [
    point.id,
    point.app,
    point.vault,
    formatIso(point.startedAt),
    point.proof?.level ?? "sealed",
    formatBytes(point.sizeBytes),
    formatBytes(point.storedBytes),
    notes.filter((note) => note !== null).join(", "),
  ]
}
