/**
 * Whether compose may bring services up together with what they depend on. It has to where it can: a container that was made by
 * `up --no-deps` is made anew by the operator's next plain `docker compose up -d`, because its configuration was hashed without them.
 */
import type { ComposeProject } from "../../app/app.ts"
import { CONFIG_HASH_LABEL, madeByThisVersion } from "../../app/compose/drift.ts"
import type { ComposeModel, ContainerEngine, ServiceState } from "../../app/ports.ts"
import type { RunContext } from "../../base/run-context.ts"

export interface DependencyFacts {
  readonly model: Pick<ComposeModel, "services">
  readonly states: readonly Pick<ServiceState, "service" | "state" | "health" | "labels">[]
  readonly hashes: { readonly composeVersion: string; readonly byService: Readonly<Record<string, readonly string[]>> } | null
}

/** Asks compose and the engine, some seconds' work: done while the app runs. Throws what these throw. */
export async function dependenciesRest(
  containers: Pick<ContainerEngine, "compose" | "services" | "configHashes">,
  project: ComposeProject,
  services: readonly string[],
  ctx: RunContext,
): Promise<boolean> {
  const model = await containers.compose(project, ctx)
  const states = await containers.services(project.projectName, ctx)
  return restAsTheyAre({ model, states, hashes: (await containers.configHashes?.(project, ctx)) ?? null }, services)
}

/**
 * True where bringing these up with what they depend on starts and makes nothing else: every one of those runs, and outside of these each
 * was made from the configuration that the files hold now. A job that has ended does not run: it would be run once more. Pure.
 */
export function restAsTheyAre(facts: DependencyFacts, services: readonly string[]): boolean {
  return dependenciesOf(facts.model, services).every((name) => {
    const own = facts.states.filter(({ service }) => service === name)
    const up = own.length > 0 && own.every(({ state, health }) => state === "running" && health !== "unhealthy")
    return up && (services.includes(name) || own.every((state) => isAsWritten(name, state, facts.hashes)))
  })
}

function isAsWritten(name: string, { labels }: DependencyFacts["states"][number], hashes: DependencyFacts["hashes"]): boolean {
  const [whole] = hashes?.byService[name] ?? []
  return whole !== undefined && labels[CONFIG_HASH_LABEL] === whole && madeByThisVersion(labels, hashes?.composeVersion)
}

/** Of dependencies as well, whether they are among `services` or not. */
export function dependenciesOf({ services: all }: DependencyFacts["model"], services: readonly string[]): readonly string[] {
  const found = new Set<string>()
  const visit = (name: string): void => {
    for (const other of all.find((service) => service.name === name)?.dependsOn ?? []) {
      if (found.has(other)) continue
      found.add(other)
      visit(other)
    }
  }
  for (const service of services) visit(service)
  return [...found]
}
