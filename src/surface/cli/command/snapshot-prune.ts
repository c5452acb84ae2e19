import { highestProof, listPoints } from "../../../recovery-point/recovery-point.ts"
import { verifyPoint } from "../../../verify/verify.ts"
import type { CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"
import { inputWith, type CommandInput } from "../input.ts"
import { openSubject } from "../../house/subject.ts"
import { run as expire } from "./expire.ts"
import { selectionOf } from "../selection.ts"

/**
 * `holdfast snapshot prune`: runs unattended, as operators of chatalot-snapshot have it in their timers; the number to keep is their
 * answer. Nothing is removed unless the newest point can be read back: old points may be all that is left.
 */
export const run: CommandRun = async (house, input) => {
  if (input.flag("plan")) return await expire(house, input)
  await proveNewest(house, input)
  return await expire(house, inputWith(input, { flags: ["yes"] }))
}

async function proveNewest(house: CliHouse, input: CommandInput): Promise<void> {
  const subject = await openSubject(house, selectionOf(input), { create: false })
  const { tools, vault, declared, ctx } = subject
  const newest = (await listPoints(vault, tools.store, declared.name, ctx)).at(-1)
  if (newest === undefined) return
  const proofs = (await tools.store.proofs(declared.name)).filter((proof) => proof.point === newest.manifest.id && proof.level !== "sealed")
  if (highestProof(proofs) !== null) return
  await verifyPoint(tools, vault, newest, "read", house.command, house.base())
}
