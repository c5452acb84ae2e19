/**
 * Services of a compose project that look after the app's updates and are not the app: the vendor's updater and its proxy, or Holdfast, which
 * `holdfast adopt` puts in their place.
 */
import type { App } from "./app.ts"
import type { ComposeService, OwnContainer } from "./ports.ts"

/** On a service of a compose project that is Holdfast itself. */
export const HOLDFAST_SERVICE_LABEL = "holdfast.service"

/** Nobody stops or updates it with the app: it writes none of the app's data, and whoever does the work may be the one that runs in it. */
export function isHoldfastService({ labels }: { readonly labels: Readonly<Record<string, string>> }): boolean {
  return labels[HOLDFAST_SERVICE_LABEL] !== undefined
}

/** Whether what stops and starts a project's services does it to the container that we run in. */
export function isPartOf(own: OwnContainer | null, projectName: string): boolean {
  return own !== null && own.projectName === projectName && !isHoldfastService(own)
}

/** Names of what a copy of the app does without: it needs the engine's socket, and would act on the live app. */
export function servicesOfUpdater(
  { recipe }: Pick<App, "recipe">,
  services: readonly Pick<ComposeService, "name" | "labels">[],
): readonly string[] {
  const known = recipe?.managedUpdates
  const named = known === undefined ? [] : [known.updater.service, known.proxy.service]
  return services.filter((service) => named.includes(service.name) || isHoldfastService(service)).map(({ name }) => name)
}
