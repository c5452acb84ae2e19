/** Roles and what they are granted for (design §11). */
import { z } from "zod"

/** `owner` may everything; each of the others may look, and do what it is named for. */
export const ROLES = ["owner", "backup.manage", "restore", "update.apply", "viewer"] as const
export const role = z.enum(ROLES)

/** A role for all apps (`apps` is null, now and later ones) or for those that are named. `owner` is always for all. */
export const grant = z.object({ role, apps: z.array(z.string()).min(1).nullable() })

export type Role = z.infer<typeof role>
export type Grant = z.infer<typeof grant>

/** Whether a grant covers this role for this app; null asks for something that belongs to no app, or to all of them. */
export function isGranted(grants: readonly Grant[], wanted: Role, app: string | null): boolean {
  return grants.some((one) => {
    if (one.role === "owner") return true
    // Whoever may act may look as well.
    if (one.role !== wanted && wanted !== "viewer") return false
    return one.apps === null || (app !== null && one.apps.includes(app))
  })
}
