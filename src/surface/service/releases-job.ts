import type { UpdateWork } from "../house/update-work.ts"
import type { Job } from "./job.ts"

/** Looks for newer releases. What it finds is news, told by its alarm once for each version; that it cannot look is a failure. */
export function releasesJob(work: () => Promise<UpdateWork>): Job {
  return async ({ house, due }) => {
    const { hops } = await (await work()).look(house, due.app)
    const newest = hops.at(-1)
    return { outcome: "succeeded", reason: newest === undefined ? "nothing newer is there" : `release ${newest.version} is there` }
  }
}
