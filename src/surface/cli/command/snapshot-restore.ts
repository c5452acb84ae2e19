import type { CommandRun } from "../command-spec.ts"
import { withSnapshotPoint } from "../snapshot-point.ts"
import { run as restore } from "./restore.ts"

/** `holdfast snapshot restore` */
export const run: CommandRun = async (house, input) => await restore(house, await withSnapshotPoint(house, input))
