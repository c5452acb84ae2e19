import { posix } from "node:path"
import type { BindSource, Policy } from "./policy.ts"
import { Refusal, quoted } from "./refusal.ts"

/**
 * Throws a Refusal unless this host path may be given to a container (F133).
 * @param real where the path leads when links are followed, null when it cannot be seen from here
 */
export function assertBindable(source: string, real: string | null, readOnly: boolean, policy: Policy): void {
  if (!isCanonical(source)) throw new Refusal(`the host path ${quoted(source)} is not written plainly`)
  for (const path of real === null ? [source] : [source, real]) assertNoSocket(path, policy)
  const allowed = policy.bindSources.find((each) => isWithin(source, each.path) && (readOnly || !each.readOnly))
  if (allowed === undefined)
    throw new Refusal(`the host path ${quoted(source)} is below none of the allowed paths${readOnly ? "" : ", or only to be read"}`)
  // What the operator named is taken as it is; below it, a link could lead anywhere.
  if (source === allowed.path) return
  if (real === null) throw new Refusal(`the host path ${quoted(source)} cannot be seen from here, so it has to be allowed by its full name`)
  if (!isWithin(real, allowed.real ?? allowed.path)) throw new Refusal(`the host path ${quoted(source)} leads out of what is allowed`)
}

/** Whether a path has the one spelling that is accepted. */
export function isCanonical(path: string): boolean {
  return path.startsWith("/") && !path.endsWith("/") && posix.normalize(path) === path && !/[\p{Cc}:]/u.test(path)
}

function assertNoSocket(path: string, policy: Policy): void {
  const reaches = policy.engineSockets.some((socket) => isWithin(socket, path))
  if (reaches || posix.basename(path) === "docker.sock") throw new Refusal(`the host path ${quoted(path)} leads to the engine's own socket`)
}

function isWithin(path: string, parent: BindSource["path"]): boolean {
  return path === parent || path.startsWith(`${parent}/`)
}
