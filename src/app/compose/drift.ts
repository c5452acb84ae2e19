/** Whether what runs is what the compose files say: an update that starts from something else would change more than it says (design §10). */
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { ComposeProject } from "../app.ts"
import type { ComposeModel, ContainerEngine, ServiceState } from "../ports.ts"
import { imageTemplate, isSameRepository } from "./image-text.ts"

export interface DriftFacts {
  readonly model: Pick<ComposeModel, "services">
  readonly states: readonly Pick<ServiceState, "service" | "imageReference" | "labels">[]
  /** Profiles that are in use: services of others need not be there. */
  readonly profiles: readonly string[]
  /** What compose would write on new containers; null where it does not tell. */
  readonly hashes: ConfigHashes | null
}

export interface ConfigHashes {
  /** Hashes of one version mean nothing to another. */
  readonly composeVersion: string
  /** All that compose may write, depending on how it is called. */
  readonly byService: Readonly<Record<string, readonly string[]>>
}

/** What compose writes on a container: a hash of the configuration that it was made from. */
export const CONFIG_HASH_LABEL = "com.docker.compose.config-hash"
const VERSION_LABEL = "com.docker.compose.version"

/** Asks compose and the engine. Throws what these throw. */
export async function lookForDrift(
  containers: Pick<ContainerEngine, "compose" | "services" | "configHashes">,
  project: ComposeProject,
  ctx: RunContext,
): Promise<readonly string[]> {
  const model = await containers.compose(project, ctx)
  const states = await containers.services(project.projectName, ctx)
  const hashes = (await containers.configHashes?.(project, ctx)) ?? null
  return findDrift({ model, states, profiles: project.profiles, hashes })
}

/** A sentence for each difference, in the order of the services' names; empty when there is none. Pure. */
export function findDrift({ model, states, profiles, hashes }: DriftFacts): readonly string[] {
  const names = new Set([...model.services.map(({ name }) => name), ...states.map(({ service }) => service)])
  const sentences = [...names].toSorted().flatMap((name): readonly string[] => {
    const declared = model.services.find((service) => service.name === name)
    const running = states.filter(({ service }) => service === name)
    if (declared === undefined) return [`The service ${name} has a container, and no compose file declares it.`]
    const isWanted = declared.profiles.length === 0 || declared.profiles.some((profile) => profiles.includes(profile) || profile === "*")
    if (running.length === 0) return isWanted ? [`The service ${name} is declared, and has no container.`] : []
    return running.flatMap((state) => difference(declared, state, hashes))
  })
  return [...new Set(sentences)]
}

function difference(
  declared: ComposeModel["services"][number],
  state: DriftFacts["states"][number],
  hashes: ConfigHashes | null,
): readonly string[] {
  const { name, image } = declared
  if (image !== null && !isSameImage(image, state.imageReference))
    return [`The container of ${name} was made from ${state.imageReference}; the compose files say ${image}.`]
  const [made, now] = [state.labels[CONFIG_HASH_LABEL], hashes?.byService[name]]
  if (made === undefined || now === undefined || now.includes(made) || !madeByThisVersion(state.labels, hashes?.composeVersion)) return []
  return [`The container of ${name} was made from another configuration than the compose files say now.`]
}

/** `web`, `web:latest` and `docker.io/library/web:latest` are one; with a digest on both sides, the digest decides. */
function isSameImage(left: string, right: string): boolean {
  const [one, other] = [imageTemplate(left), imageTemplate(right)]
  if (!isSameRepository(one.repository, other.repository)) return false
  if (one.digest !== null || other.digest !== null) return one.digest === other.digest
  return (one.tag ?? "latest") === (other.tag ?? "latest")
}

/** Only a compose of the same version hashes in the same way. */
export function madeByThisVersion(labels: Readonly<Record<string, string>>, composeVersion: string | undefined): boolean {
  return isSameVersion(labels[VERSION_LABEL], composeVersion)
}

/** A distribution's own suffix (`2.26.1-4`) is not in the label (`2.26.1`). */
function isSameVersion(left: string | undefined, right: string | undefined): boolean {
  const [one, other] = [left, right].map((text) => /\d+\.\d+\.\d+/.exec(text ?? "")?.[0])
  return one !== undefined && one === other
}

/** Throws DRIFT_FOUND naming every difference, unless they were accepted. */
export function assertNoDrift(app: string, drift: readonly string[], isAccepted: boolean): void {
  if (drift.length === 0 || isAccepted) return
  throw new HoldfastError("DRIFT_FOUND", {
    what: `what runs of ${app} is not what its compose files say`,
    why: drift.join("\n"),
    hint: "Nothing was changed. Bring up what the files say, or correct the files; if the difference is intended, pass --accept-drift.",
  })
}
