import type { ComposeModel } from "../ports.ts"
import type { LeftOut } from "./detection.ts"
import { kindOf } from "./image-kind.ts"

/**
 * Services that need what no sandbox has, where something of the app remains without them. Whether the app is well without them is not for us to
 * say: a reverse proxy is no loss, the program itself would be.
 */
export function findUncopied({ services }: ComposeModel): readonly LeftOut[] {
  const found = services.flatMap(({ name, needsOfMachine }) => (needsOfMachine === undefined ? [] : [{ what: name, why: needsOfMachine }]))
  const remains = services.some((service) => service.needsOfMachine === undefined && kindOf(service).kind === "app")
  return remains ? found : []
}
