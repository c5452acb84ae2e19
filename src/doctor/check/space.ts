import { statfs } from "node:fs/promises"
import { isAbsolute } from "node:path"
import { messageOf } from "../../base/errors.ts"
import { formatBytes } from "../../base/units.ts"
import { ok, trouble, type Finding } from "../finding.ts"
import type { DoctorTools, Subject } from "../ports.ts"

const WARN_AT = 0.8
const FAIL_AT = 0.95
const REMEDY = "Run `holdfast doctor --free-space` to see what can go."

/** Disks under the vaults, the state directory and the sources are not nearly full (C81). */
export async function checkSpace(_: DoctorTools, subject: Subject): Promise<readonly Finding[]> {
  return await Promise.all([...placesOf(subject)].map(async ([path, role]) => await spaceFinding(path, role)))
}

function placesOf(subject: Subject): ReadonlyMap<string, string> {
  const sources = subject.apps.flatMap((app) => [
    ...app.databases.flatMap((database) => (database.engine === "sqlite" ? [database.place] : [])),
    ...app.files.map((files) => files.place),
  ])
  return new Map([
    [subject.stateDirectory, "state"],
    ...subject.vaults.filter((vault) => isAbsolute(vault.url)).map((vault): [string, string] => [vault.url, `vault ${vault.name}`]),
    ...sources.filter((place) => !("volume" in place)).map((place): [string, string] => [place.path, "source"]),
  ])
}

async function spaceFinding(path: string, role: string): Promise<Finding> {
  try {
    const disk = await statfs(path)
    return judgeSpace(`${role} ${path}`, disk.blocks * disk.bsize, disk.bfree * disk.bsize, disk.bavail * disk.bsize)
  } catch (thrown) {
    return trouble(
      "warn",
      "space",
      `${role} ${path}`,
      `cannot be examined: ${messageOf(thrown)}`,
      "Check that the path exists and its disk is mounted.",
    )
  }
}

/** Used as `df` counts it: of what ordinary programs may use. */
export function judgeSpace(subject: string, totalBytes: number, freeBytes: number, availableBytes: number): Finding {
  const usedBytes = totalBytes - freeBytes
  const share = usedBytes + availableBytes === 0 ? 0 : usedBytes / (usedBytes + availableBytes)
  const what = `${Math.floor(share * 100)} % used, ${formatBytes(availableBytes)} free`
  if (share >= FAIL_AT) return trouble("fail", "space", subject, what, REMEDY)
  return share >= WARN_AT ? trouble("warn", "space", subject, what, REMEDY) : ok("space", subject, what)
}
