import {
  updatePlan,
  type ReleaseDocument,
  type RollbackOutput,
  type RollbackPlanDocument,
  type UpdatePlanDocument,
  type UpdateReportDocument,
} from "../../contract/output-update.ts"
import type { InstallableRelease } from "../../release/installable.ts"
import type { RollbackPlan, RollbackReport } from "../../update/update.ts"
import type { Rehearsal, UpdatePlan, UpdateReport } from "../../update/update-plan.ts"

/** A plan as it is printed and sent. */
export function updatePlanDocument(plan: UpdatePlan): UpdatePlanDocument {
  return {
    ...plan,
    from: { version: plan.from.version, images: { ...plan.from.images } },
    to: releaseDocument(plan.to),
    hopsAfter: [...plan.hopsAfter],
    services: [...plan.services],
    stops: [...plan.stops],
    edits: plan.edits.map((one) => ({ ...one })),
    proof: { ...plan.proof, level: updatePlan.shape.proof.shape.level.parse(plan.proof.level) },
    databases: plan.databases.map((one) => ({ ...one })),
    space: plan.space.map((one) => ({ ...one })),
    rehearsal: plan.rehearsal === null ? null : rehearsalDocument(plan.rehearsal),
    unnamed: [...plan.unnamed],
    warnings: [...plan.warnings],
  }
}

export function releaseDocument(release: InstallableRelease): ReleaseDocument {
  const commandOf = (command: InstallableRelease["migrate"]) =>
    command === null ? null : { service: command.service, argv: argvOf(command.argv) }
  return {
    ...release,
    images: Object.fromEntries(Object.entries(release.images).map(([service, image]) => [service, { ...image }])),
    preFlight: commandOf(release.preFlight),
    migrate: commandOf(release.migrate),
    signed: release.signed === null ? null : { ...release.signed },
  }
}

function argvOf([program, ...rest]: readonly [string, ...string[]]): [string, ...string[]] {
  return [program, ...rest]
}

export function rehearsalDocument(rehearsal: Rehearsal): NonNullable<UpdatePlanDocument["rehearsal"]> {
  const { schema } = rehearsal
  return {
    ...rehearsal,
    schema: {
      ...schema,
      tablesAdded: [...schema.tablesAdded],
      tablesRemoved: [...schema.tablesRemoved],
      columnsAdded: [...schema.columnsAdded],
      columnsRemoved: [...schema.columnsRemoved],
      rows: schema.rows.map((one) => ({ ...one })),
    },
  }
}

export function updateReportDocument(report: UpdateReport): UpdateReportDocument {
  return { ...report, rowsKeptBeside: report.rowsKeptBeside.map((one) => ({ ...one })), warnings: [...report.warnings] }
}

export function rollbackPlanDocument(plan: RollbackPlan): RollbackPlanDocument {
  return {
    ...plan,
    services: [...plan.services],
    databases: [...plan.databases],
    files: [...plan.files],
    trees: [...plan.trees],
    rowsLost: plan.rowsLost.map((one) => ({ ...one })),
    warnings: [...plan.warnings],
  }
}

export function rollbackReportDocument(report: RollbackReport): Omit<RollbackOutput, "format" | "version"> {
  return { ...report, rowsKeptBeside: report.rowsKeptBeside.map((one) => ({ ...one })), warnings: [...report.warnings] }
}
