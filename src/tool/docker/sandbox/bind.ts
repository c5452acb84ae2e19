import { chmod, chown, mkdtemp, stat } from "node:fs/promises"
import { join, relative, resolve } from "node:path"
import type { SandboxRequest } from "../../../app/ports.ts"
import type { SourceDocument } from "./document.ts"
import { unescapePath } from "./document.ts"

/** What stands in a sandbox for a path of the host. */
export type BindDecision = { readonly use: string; readonly readOnly: boolean } | { readonly refuse: string }

/** Facts of the machine rather than of the app: shown as they are, read-only. */
const MACHINE_FILES = ["/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo", "/etc/ssl/certs", "/usr/share/ca-certificates"]
const KERNEL_TREES = ["/dev", "/proc", "/sys"]
const ENGINE_SOCKET = /(?:^|\/)(?:docker|containerd|podman|crio)\.sock$/

/** Host path → decision, for every bind mount and every file of a secret or config in the document. */
export async function decideBinds(
  document: SourceDocument,
  included: readonly string[],
  request: SandboxRequest,
  emptyParent: string,
): Promise<ReadonlyMap<string, BindDecision>> {
  const decisions = new Map<string, BindDecision>()
  for (const path of mountedPaths(document, included)) decisions.set(path, await decide(path, request, emptyParent))
  for (const path of handedOverFiles(document)) {
    const use = replacementOf(path, request.bindReplacements)
    decisions.set(path, use === null ? notInThePoint(path) : { use, readOnly: false })
  }
  return decisions
}

function mountedPaths(document: SourceDocument, included: readonly string[]): Set<string> {
  const mounts = included.flatMap((name) => document.services[name]?.volumes ?? [])
  return new Set(mounts.flatMap(({ type, source }) => (type === "bind" && source ? [unescapePath(source)] : [])))
}

/** Files of secrets and configs. An empty directory can never stand for one. */
function handedOverFiles(document: SourceDocument): Set<string> {
  const items = [document.secrets, document.configs].flatMap((group) => Object.values(group ?? {}))
  return new Set(items.flatMap((item) => (item?.file ? [unescapePath(item.file)] : [])))
}

function notInThePoint(path: string): BindDecision {
  return { refuse: `it mounts the file ${path}, which is not part of the point` }
}

/**
 * The point's content where it has some; else an empty directory in place of a directory, as for a volume that the point does not hold. A
 * file that the point does not hold is refused: the live one proves nothing about the point, and an empty one would mislead.
 */
async function decide(path: string, request: SandboxRequest, emptyParent: string): Promise<BindDecision> {
  if (ENGINE_SOCKET.test(path)) return { refuse: engineSocket(path) }
  const replaced = replacementOf(path, request.bindReplacements)
  if (replaced !== null) return { use: replaced, readOnly: false }
  const refused = refusedMount(path)
  if (refused !== null) return { refuse: refused }
  if (MACHINE_FILES.some((tree) => isWithin(path, tree))) return { use: path, readOnly: true }
  const live = await stat(path).catch(() => null)
  if (live === null || live.isDirectory()) return { use: await emptyDirectory(emptyParent, live), readOnly: false }
  if (live.isFile()) return notInThePoint(path)
  return { refuse: `it mounts ${path}, which is a socket or a device` }
}

/** Why no sandbox may have this path of the host; null: it may stand for something. */
export function refusedMount(path: string): string | null {
  if (ENGINE_SOCKET.test(path)) return engineSocket(path)
  return KERNEL_TREES.some((tree) => isWithin(path, tree)) ? `it mounts ${path} of the host` : null
}

function engineSocket(path: string): string {
  return `it mounts the engine's socket ${path}`
}

/** The nearest given ancestor wins. */
function replacementOf(path: string, replacements: Readonly<Record<string, string>>): string | null {
  const ancestors = Object.keys(replacements).filter((live) => isWithin(path, live))
  const nearest = ancestors.toSorted((a, b) => b.length - a.length)[0]
  const directory = nearest === undefined ? undefined : replacements[nearest]
  return nearest === undefined || directory === undefined ? null : join(directory, relative(resolve(nearest), resolve(path)))
}

function isWithin(path: string, directory: string): boolean {
  const way = relative(resolve(directory), resolve(path))
  return way === "" || (way !== ".." && !way.startsWith("../"))
}

/** With the live one's owner and mode, so that the app's own user may write to it. */
async function emptyDirectory(parent: string, live: { uid: number; gid: number; mode: number } | null): Promise<string> {
  const directory = await mkdtemp(join(parent, "empty-"))
  if (live === null) return directory
  await chmod(directory, live.mode & 0o7777)
  await chown(directory, live.uid, live.gid)
  return directory
}
