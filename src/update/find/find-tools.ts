import type { App, UpdateRules } from "../../app/app.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Store } from "../../operation/ports.ts"
import type { SourceTools } from "../../release/checkout-ports.ts"
import type { ImageRegistry, Platform, ReleaseSources } from "../../release/ports.ts"
import type { CredentialsByRegistry } from "../../release/registry-credentials.ts"
import type { RunningApp } from "../running.ts"

/** What looking for releases needs of the outside. */
export interface FindTools {
  readonly store: Store
  readonly releases: ReleaseSources
  readonly sources: SourceTools
  registry(credentials: CredentialsByRegistry): Promise<ImageRegistry>
  /** Of the machine that runs the app's containers, which need not be this one. */
  platform(ctx: RunContext): Promise<Platform>
}

export interface FindSubject {
  readonly app: App
  readonly running: RunningApp
}

/** What the settings say of an app's updates. Throws UPDATES_NOT_SET_UP. */
export function updateRules(app: App): UpdateRules {
  if (app.updates !== undefined) return app.updates
  throw new HoldfastError("UPDATES_NOT_SET_UP", { what: `the settings do not say where updates of ${app.name} come from` })
}
