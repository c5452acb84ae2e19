import type { App } from "./app.ts"
import type { ComposeModel } from "./ports.ts"

/** Services of the project that copies of the app do without, because somebody says so; names that the project does not have are passed over. */
export function copiedWithout({ copiesWithout = [] }: App, { services }: ComposeModel): readonly string[] {
  return services.map(({ name }) => name).filter((name) => copiesWithout.includes(name))
}
