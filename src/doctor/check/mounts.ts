import { stat } from "node:fs/promises"
import { dirname } from "node:path"
import type { App, FileSource } from "../../app/app.ts"
import { messageOf } from "../../base/errors.ts"
import { ok, trouble, type Finding } from "../finding.ts"
import type { QuietTools, Subject } from "../ports.ts"

const REMEDY = "Mount the disk, then run it again."

/** Sources that must be disks of their own are mounted. */
export async function checkMounts(_: QuietTools, subject: Subject): Promise<readonly Finding[]> {
  const pairs = subject.apps.flatMap((app) => app.files.filter((files) => files.mustBeMounted).map((files) => ({ app, files })))
  return await Promise.all(pairs.map(async ({ app, files }) => await mountFinding(app, files)))
}

async function mountFinding(app: App, files: FileSource): Promise<Finding> {
  const subject = `${app.name} files:${files.name}`
  try {
    const [own, parent] = await Promise.all([stat(files.place.path), stat(dirname(files.place.path))])
    if (own.dev !== parent.dev) return ok("mounts", subject, `${files.place.path} is a mount point`)
    return trouble("fail", "mounts", subject, `${files.place.path} is not a mount point: its disk is missing`, REMEDY)
  } catch (thrown) {
    return trouble("fail", "mounts", subject, messageOf(thrown), REMEDY)
  }
}
