/** Nobody's edit is lost: what the plan was made from is looked at again under the lease, and once more before each file is replaced. */
import { readFile } from "node:fs/promises"
import { sha256 } from "../base/canonical-json.ts"
import { HoldfastError } from "../base/errors.ts"
import type { AdoptPlan } from "./adopt-plan.ts"
import { isFilled } from "./secret-files.ts"

/** Throws PLAN_STALE naming the file that was edited, removed or filled since the plan was made. */
export async function requireAsPlanned({ edits, secrets }: Pick<AdoptPlan, "edits" | "secrets">): Promise<void> {
  for (const { path, before } of edits) await requireSame(path, sha256(before))
  for (const { path, act } of secrets) if (act === "make" && (await isFilled(path))) throw stale(path, "was filled")
}

/** @param before `sha256:…` of the text that the plan was made from */
export async function requireSame(path: string, before: string): Promise<void> {
  const now = await readFile(path).catch(() => null)
  if (now === null || sha256(now) !== before) throw stale(path, now === null ? "was removed" : "was edited")
}

function stale(path: string, what: string): HoldfastError {
  return new HoldfastError("PLAN_STALE", {
    what: `${path} ${what} meanwhile`,
    why: "the adoption was planned for what was there before",
    hint: "Everything is as it was. Run it again: the new plan shows what becomes of it.",
  })
}
