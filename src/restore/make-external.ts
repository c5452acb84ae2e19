import type { ComposeProject } from "../app/app.ts"
import type { ComposeModel, ContainerEngine } from "../app/ports.ts"
import type { RunContext } from "../base/run-context.ts"

/** Real names of what the project expects somebody else to have made. */
function externalsOf({ networks, volumes }: Pick<ComposeModel, "networks" | "volumes">): {
  readonly networks: readonly string[]
  readonly volumes: readonly string[]
} {
  const external = (declared: ComposeModel["networks"]): readonly string[] =>
    Object.values(declared).flatMap((item) => (item.external ? [item.name] : []))
  return { networks: external(networks), volumes: external(volumes) }
}

/**
 * On an empty host nobody has made what `external: true` speaks of, and compose starts nothing without it. What is there is left as it is. A
 * network gets the engine's usual settings, because no point holds others.
 */
export async function makeExternal(containers: ContainerEngine, project: ComposeProject, ctx: RunContext): Promise<void> {
  const { networks, volumes } = externalsOf(await containers.compose(project, ctx))
  for (const name of volumes) if ((await containers.volumePath(name, ctx)) === null) await containers.createVolume(name, {}, ctx)
  for (const name of networks)
    if ((await containers.createNetwork?.(name, ctx)) === true)
      ctx.progress.warn(`network ${name} is not the project's own and was not there: it was made with the engine's usual settings`)
}
