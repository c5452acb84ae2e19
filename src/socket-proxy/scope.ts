import { Refusal, quoted } from "./refusal.ts"
import type { Policy } from "./policy.ts"

export const PROJECT_LABEL = "com.docker.compose.project"
/** Set by the proxy on whatever it makes; a caller that sets it is refused. */
export const OWN_LABEL = "holdfast.socket-proxy"

export type Labels = Readonly<Record<string, string>>

/**
 * A copy of an app that Holdfast rehearses in is a project of its own, with a name that nobody knows before. One that is made through this
 * proxy is reached by the proxy's own label alone: the name opens nothing, so that of somebody else's copy is not reached by it.
 */
const SANDBOX = /^holdfast-sandbox-[a-z0-9_-]{1,100}$/

/** Whether something belongs to what this proxy serves. */
export function isOurs(labels: Labels, policy: Policy): boolean {
  if (labels[OWN_LABEL] === policy.scope) return true
  const project = labels[PROJECT_LABEL]
  return project !== undefined && policy.projects.includes(project)
}

/** Throws a Refusal for what belongs to somebody else. */
export function assertOurs(what: string, labels: Labels, policy: Policy): void {
  if (!isOurs(labels, policy)) throw new Refusal(`${what} belongs to none of the projects of this proxy`)
}

/** The labels of something that is about to be made: those given, and the proxy's own. Throws a Refusal for a forged one (F135). */
export function ownLabels(given: Labels | null | undefined, policy: Policy): Labels {
  const labels = given ?? {}
  const forged = Object.keys(labels).find((name) => name.toLowerCase().startsWith(OWN_LABEL))
  if (forged !== undefined) throw new Refusal(`the label ${quoted(forged)} is set by the proxy alone`)
  const project = labels[PROJECT_LABEL]
  if (project !== undefined && !policy.projects.includes(project) && !SANDBOX.test(project)) {
    throw new Refusal(`the label ${PROJECT_LABEL} names ${quoted(project)}, which is none of the projects of this proxy`)
  }
  return { ...labels, [OWN_LABEL]: policy.scope }
}
