import type { CommandRun } from "../command-spec.ts"
import { withSnapshotPoint } from "../snapshot-point.ts"
import { run as verify } from "./verify.ts"

/** `holdfast snapshot verify` */
export const run: CommandRun = async (house, input) => await verify(house, await withSnapshotPoint(house, input))
