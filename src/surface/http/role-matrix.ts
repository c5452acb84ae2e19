import type { Role } from "../../contract/api/roles.ts"

/** Who may use one route. */
export type Line =
  /** Whoever comes: only what a person needs before signing in, and what says nothing. */
  | { readonly who: "anyone" }
  /** Whoever has signed in, about himself. */
  | { readonly who: "signed-in"; readonly fresh?: true }
  /** The app in the path itself: its request is signed with its own token. */
  | { readonly who: "signed-app" }
  | {
      readonly who: Role
      /**
       * `app`: for the app in the path. `operation`: for the app of the operation in the path. `some`: for at least one app; the answer holds
       * only those that may be seen. `all`: for every app, now and later.
       */
      readonly of: "app" | "operation" | "some" | "all"
      /** Asks for a second factor that was shown a moment ago. */
      readonly fresh?: true
    }

const anyone: Line = { who: "anyone" }
const signedIn: Line = { who: "signed-in" }
const signedInFresh: Line = { who: "signed-in", fresh: true }
const owner: Line = { who: "owner", of: "all" }
const ownerFresh: Line = { who: "owner", of: "all", fresh: true }
const look: Line = { who: "viewer", of: "app" }
const manage: Line = { who: "backup.manage", of: "app" }
const restore: Line = { who: "restore", of: "app" }
const update: Line = { who: "update.apply", of: "app" }
const updateFresh: Line = { who: "update.apply", of: "app", fresh: true }
const signedApp: Line = { who: "signed-app" }

/** One line for each route; a route without one is not served (design §11). */
export const roleMatrix: Readonly<Record<string, Line>> = {
  "GET /healthz": anyone,
  "GET /metrics": { who: "viewer", of: "all" },
  "GET /api/docs": signedIn,
  "GET /api/v1/openapi.json": signedIn,
  "GET /api/v1/setup": anyone,
  "POST /api/v1/setup": anyone,
  "GET /api/v1/me": signedIn,
  "POST /api/v1/me/confirm": signedIn,

  "POST /api/auth/sign-in/username": anyone,
  "POST /api/auth/sign-out": signedIn,
  "POST /api/auth/two-factor/verify-totp": anyone,
  "POST /api/auth/two-factor/verify-backup-code": anyone,
  "POST /api/auth/two-factor/enable": signedIn,
  "POST /api/auth/two-factor/disable": signedInFresh,
  "POST /api/auth/two-factor/generate-backup-codes": signedInFresh,
  "POST /api/auth/change-password": signedIn,
  "GET /api/auth/passkey/generate-authenticate-options": anyone,
  "POST /api/auth/passkey/verify-authentication": anyone,
  "GET /api/auth/passkey/generate-register-options": signedInFresh,
  "POST /api/auth/passkey/verify-registration": signedIn,
  "GET /api/auth/passkey/list-user-passkeys": signedIn,
  "POST /api/auth/passkey/delete-passkey": signedInFresh,
  "POST /api/auth/passkey/update-passkey": signedIn,

  "GET /api/v1/overview": { who: "viewer", of: "some" },
  "GET /api/v1/events": { who: "viewer", of: "some" },
  "POST /api/v1/apps/detect": owner,
  "POST /api/v1/apps": owner,
  "GET /api/v1/apps/{app}": look,
  "GET /api/v1/apps/{app}/points": look,
  "GET /api/v1/apps/{app}/points/{point}": look,
  "GET /api/v1/apps/{app}/compare": look,
  "POST /api/v1/apps/{app}/points/{point}/pin": manage,
  "POST /api/v1/apps/{app}/points/{point}/unpin": manage,
  "POST /api/v1/apps/{app}/backup": manage,
  "POST /api/v1/apps/{app}/points/{point}/verify": manage,
  "POST /api/v1/apps/{app}/points/{point}/drill": manage,
  "POST /api/v1/apps/{app}/copy": manage,
  // What is in a point is the app's data itself: names and contents are for those who may restore it.
  "GET /api/v1/apps/{app}/points/{point}/files": restore,
  "GET /api/v1/apps/{app}/points/{point}/download": restore,
  "POST /api/v1/apps/{app}/points/{point}/restore-plan": restore,
  "POST /api/v1/apps/{app}/points/{point}/restore": { who: "restore", of: "app", fresh: true },
  "POST /api/v1/operations/{operation}/undo-plan": { who: "restore", of: "operation" },
  "POST /api/v1/operations/{operation}/undo": { who: "restore", of: "operation", fresh: true },

  "GET /api/v1/apps/{app}/updates": look,
  "POST /api/v1/apps/{app}/update-check": update,
  "POST /api/v1/apps/{app}/update-plan": update,
  "POST /api/v1/apps/{app}/rehearse": update,
  "POST /api/v1/apps/{app}/update": updateFresh,
  "POST /api/v1/apps/{app}/rollback-plan": update,
  "POST /api/v1/apps/{app}/rollback": updateFresh,
  "GET /api/v1/updater/{app}/status": signedApp,
  "POST /api/v1/updater/{app}/plan": signedApp,
  "POST /api/v1/updater/{app}/apply": signedApp,

  "GET /api/v1/apps/{app}/retention": look,
  "POST /api/v1/apps/{app}/retention-preview": look,
  "POST /api/v1/apps/{app}/expire-plan": manage,
  "POST /api/v1/apps/{app}/expire": { who: "backup.manage", of: "app", fresh: true },
  "GET /api/v1/apps/{app}/schedules": look,
  "PUT /api/v1/apps/{app}/schedules/{schedule}": manage,
  "DELETE /api/v1/apps/{app}/schedules/{schedule}": manage,
  "POST /api/v1/schedule-preview": { who: "viewer", of: "some" },

  "GET /api/v1/operations": { who: "viewer", of: "some" },
  "GET /api/v1/operations/{operation}": { who: "viewer", of: "operation" },
  "POST /api/v1/operations/{operation}/cancel": { who: "backup.manage", of: "operation" },
  "GET /api/v1/operations/{operation}/events": { who: "viewer", of: "operation" },

  "GET /api/v1/vaults": { who: "viewer", of: "all" },
  "POST /api/v1/vaults/test": owner,
  "POST /api/v1/vaults": owner,
  "POST /api/v1/vaults/{vault}/kit": ownerFresh,

  "GET /api/v1/users": owner,
  "POST /api/v1/users": ownerFresh,
  "PATCH /api/v1/users/{user}": ownerFresh,
  "DELETE /api/v1/users/{user}": ownerFresh,
  "GET /api/v1/api-keys": owner,
  "POST /api/v1/api-keys": ownerFresh,
  "DELETE /api/v1/api-keys/{key}": owner,
  "GET /api/v1/audit": owner,
  "GET /api/v1/notifications": owner,
  "PUT /api/v1/notifications": owner,
  "POST /api/v1/notifications/test": owner,

  // The panel itself: the same files for everybody; what it shows comes from the routes above.
  "GET /*": anyone,
}
