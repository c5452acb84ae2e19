import type { BackupOptions } from "../../../backup/backup.ts"
import { backUp, planBackup } from "../../../backup/backup.ts"
import { isHoldfastError, messageOf } from "../../../base/errors.ts"
import { counted, formatBytes, formatDuration } from "../../../base/units.ts"
import type { BackupOutput } from "../../../contract/output.ts"
import type * as Restore from "../../../restore/restore.ts"
import type { SealedPoint } from "../../../recovery-point/recovery-point.ts"
import type { CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"
import type { CommandInput } from "../input.ts"
import { kitLines } from "../kit-reminder.ts"
import { renderTable } from "../render/table.ts"
import { openSubject, type Subject } from "../../house/subject.ts"
import { shownPart } from "../../house/part-name.ts"
import { selectionOf } from "../selection.ts"

/** `holdfast backup` */
export const run: CommandRun = async (house, input) => {
  const subject = await openSubject(house, selectionOf(input), { create: true })
  const options = optionsOf(input)
  if (input.flag("plan")) {
    const plan = await planBackup(subject.tools, subject.app, options, subject.ctx)
    const rows = plan.parts.map((part) => [part.part, part.from])
    return {
      document: {
        format: "holdfast.backup-plan",
        version: 1,
        app: plan.app,
        parts: plan.parts.map((part) => ({ ...part })),
        leftOut: plan.leftOut,
        stops: plan.stops,
      },
      lines: [
        ...renderTable([{ title: "PART" }, { title: "FROM" }], rows),
        ...plan.stops.map((service) => `stops ${service} for the capture`),
      ],
    }
  }
  const before = input.text("before-migration")
  if (before !== null) {
    const { migrationNeeded } = await import("../../../backup/migration.ts")
    if (!(await migrationNeeded(subject.tools, subject.vault, subject.app, before, subject.ctx))) {
      const document: BackupOutput = { format: "holdfast.backup", version: 1, point: null }
      return { document, lines: [`the newest point already is of ${before} or was taken before it: nothing to do`] }
    }
  }
  // Read while other programs work; what fails to load fails where it is used.
  const restoring = import("../../../restore/restore.ts")
  restoring.catch(() => undefined)
  const point = await backUp(subject.tools, subject.vault, subject, options, house.command, house.base())
  const released = await releasedLines(house, subject, restoring)
  return { document: documentOf(point), lines: [...linesOf(point), ...released, ...(await kitLines(house, subject.vault))] }
}

/** The point is sealed: what a restore kept beside may go if its time is over. That it could not go is no failure of the backup. */
async function releasedLines(
  house: CliHouse,
  { tools, app }: Subject,
  restoring: Promise<Pick<typeof Restore, "releaseDue">>,
): Promise<readonly string[]> {
  try {
    const { releaseDue } = await restoring
    const operations = await releaseDue(tools, app, house.command, house.base())
    return operations.map((operation) => `released what operation ${operation} had kept for undo; its time was over`)
  } catch (thrown) {
    if (!isHoldfastError(thrown) || house.signal.aborted) throw thrown
    return [`warning: what earlier restores kept could not be released: ${messageOf(thrown)}; see \`holdfast doctor --free-space\``]
  }
}

function optionsOf(input: CommandInput): BackupOptions {
  const before = input.text("before-migration")
  const only = input.list("only")
  return {
    label: input.text("label") ?? (before === null ? null : `before ${before}`),
    trigger: before === null ? "manual" : "migration",
    cold: input.flag("cold"),
    only: only.length === 0 ? null : only,
    acceptCollapse: input.flag("accept-collapse"),
    strict: input.flag("strict"),
    acceptBlank: false,
  }
}

function documentOf(point: SealedPoint): BackupOutput {
  const { manifest } = point
  return {
    format: "holdfast.backup",
    version: 1,
    point: {
      id: manifest.id,
      app: manifest.app,
      vault: point.vault,
      digest: point.digest,
      durationMs: manifest.durationMs,
      parts: manifest.parts.map(({ part, sizeBytes, storedBytes }) => ({ part, sizeBytes, storedBytes })),
      warnings: manifest.warnings,
    },
  }
}

function linesOf(point: SealedPoint): readonly string[] {
  const { manifest } = point
  const rows = manifest.parts.map((part) => [
    shownPart(part.part),
    describePart(part),
    formatBytes(part.sizeBytes),
    formatBytes(part.storedBytes),
  ])
  return [
    `sealed ${manifest.id} in vault ${point.vault} in ${formatDuration(manifest.durationMs)}`,
    "",
    ...renderTable([{ title: "PART" }, { title: "WHAT" }, { title: "SIZE", right: true }, { title: "STORED", right: true }], rows),
    ...manifest.warnings.map((warning) => `warning: ${warning}`),
  ]
}

function describePart(part: SealedPoint["manifest"]["parts"][number]): string {
  if (part.kind === "database") {
    const rows = Object.values(part.facts.rows).reduce((sum, count) => sum + count, 0)
    return `${part.engine} ${part.facts.engineVersion} by ${part.access}, ${counted(rows, "row")}`
  }
  if (part.kind === "image") return part.reference
  return counted(part.files, "file")
}
