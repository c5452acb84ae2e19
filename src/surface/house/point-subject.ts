import type { App } from "../../app/app.ts"
import type { RunContext } from "../../base/run-context.ts"
import type { Store } from "../../operation/ports.ts"
import type { SealedPoint } from "../../recovery-point/recovery-point.ts"
import type { OpenVault } from "../../vault/vault.ts"
import type { House } from "./house.ts"
import { declaredApp, lookingContext, openNamedVault, vaultNameOf, type Selection } from "./subject.ts"

/** What commands that only look at points need; no container engine is asked. */
export interface PointSubject {
  readonly declared: App
  readonly vault: OpenVault
  readonly store: Store
  readonly ctx: RunContext
  /** A point by id, beginning of an id, label or `latest`. */
  point(selector: string | null): Promise<SealedPoint>
}

export async function openPoints(house: House, selection: Selection): Promise<PointSubject> {
  const { settings, declared } = await declaredApp(house, selection.app)
  const [vault, store, { findPoint }] = await Promise.all([
    openNamedVault(house, settings, vaultNameOf(declared, selection), { create: false }),
    house.use.store(),
    import("../../recovery-point/recovery-point.ts"),
  ])
  const ctx = lookingContext(house)
  return { declared, vault, store, ctx, point: async (selector) => await findPoint(vault, store, declared.name, selector ?? "latest", ctx) }
}
