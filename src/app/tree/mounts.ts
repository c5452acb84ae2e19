import { readFile, realpath, stat } from "node:fs/promises"
import { dirname } from "node:path"

export interface MountIdentity {
  /** Something is mounted exactly here, or the directory is on another device than its parent. */
  readonly isMountPoint: boolean
  /** `st_dev` of the root. */
  readonly device: string
  readonly fileSystem: string
  /** What is mounted: a device, an export, `tmpfs`. */
  readonly source: string
  /** Mount points below the root. */
  readonly inside: readonly string[]
}

interface Mount {
  readonly point: string
  readonly fileSystem: string
  readonly source: string
}

/** What file system a directory is on and where others begin; `root` has its links resolved. */
export async function mountIdentity(root: string): Promise<MountIdentity> {
  const mounts = await readMounts()
  const [own, parent] = await Promise.all([stat(root, { bigint: true }), stat(dirname(root), { bigint: true })])
  const holder = mounts
    .filter((mount) => isAtOrBelow(root, mount.point))
    .toSorted((left, right) => right.point.length - left.point.length)[0]
  return {
    isMountPoint: own.dev !== parent.dev || mounts.some((mount) => mount.point === root),
    device: String(own.dev),
    fileSystem: holder?.fileSystem ?? "unknown",
    source: holder?.source ?? "unknown",
    inside: mounts.map((mount) => mount.point).filter((point) => point !== root && isAtOrBelow(point, root)),
  }
}

/** Where the file system begins that holds a path, or would hold it if it is not there yet; null where there is no /proc. */
export async function mountPointOf(path: string): Promise<string | null> {
  const mounts = await readMounts()
  const real = await realAncestor(path)
  const points = mounts.map((mount) => mount.point).filter((point) => isAtOrBelow(real, point))
  return points.toSorted((left, right) => right.length - left.length)[0] ?? null
}

/** The nearest directory above that is there, with its links resolved. */
async function realAncestor(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (thrown) {
    if (path === dirname(path)) throw thrown
    return await realAncestor(dirname(path))
  }
}

function isAtOrBelow(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(ancestor === "/" ? "/" : `${ancestor}/`)
}

/** Empty where there is no /proc. */
async function readMounts(): Promise<readonly Mount[]> {
  const text = await readFile("/proc/self/mountinfo", "utf8").catch(() => "")
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map(parseMount)
}

/** `36 35 98:0 /root /mount/point rw,noatime shared:1 - ext4 /dev/sda1 rw`: after ` - ` come type and source. */
function parseMount(line: string): Mount {
  const [left = "", right = ""] = line.split(" - ")
  const [fileSystem = "unknown", source = "unknown"] = right.split(" ")
  return { point: unescaped(left.split(" ")[4] ?? ""), fileSystem, source: unescaped(source) }
}

/** The kernel writes blanks, tabs and backslashes as octal escapes. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)))
}
