import type { App } from "../../app/app.ts"
import { checkoutPlacing } from "./checkout-placing.ts"
import { composePlacing } from "./compose-placing.ts"
import type { Placing } from "./placing.ts"
import { linkPlacing } from "./plain-placing.ts"
import type { UpdateTools } from "../ports.ts"

/** Throws UPDATES_NOT_SET_UP for an app of which the settings do not say how. */
export function placingOf(tools: UpdateTools, app: App): Placing {
  if (app.compose === null) return linkPlacing(tools, app)
  return app.updates?.source === "git" ? checkoutPlacing(tools, app, app.compose) : composePlacing(tools, app.compose)
}
