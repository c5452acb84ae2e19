import { panelRoute } from "./page/panel-files.ts"
import { accountRoutes } from "./route/accounts.ts"
import { appRoutes } from "./route/app.ts"
import { authRoutes } from "./route/auth.ts"
import { fileRoutes } from "./route/files.ts"
import { metaRoutes } from "./route/meta.ts"
import { notificationRoutes } from "./route/notifications.ts"
import { operationRoutes } from "./route/operations.ts"
import { overviewRoutes } from "./route/overview.ts"
import { pointRoutes } from "./route/points.ts"
import { restoreRoutes } from "./route/restore.ts"
import { retentionRoutes } from "./route/retention.ts"
import type { Route } from "./route/route.ts"
import { runRoutes } from "./route/run.ts"
import { scheduleRoutes } from "./route/schedules.ts"
import { sessionRoutes } from "./route/session.ts"
import { updaterRoutes } from "./route/updater.ts"
import { updateRoutes } from "./route/updates.ts"
import { vaultRoutes } from "./route/vaults.ts"

/** Routes of the API, in the order of the manual. */
export const apiRoutes: readonly Route[] = [
  ...sessionRoutes,
  ...authRoutes,
  ...overviewRoutes,
  ...appRoutes,
  ...pointRoutes,
  ...runRoutes,
  ...fileRoutes,
  ...restoreRoutes,
  ...updateRoutes,
  ...updaterRoutes,
  ...retentionRoutes,
  ...scheduleRoutes,
  ...operationRoutes,
  ...vaultRoutes,
  ...accountRoutes,
  ...notificationRoutes,
]

/** Everything that is served; the panel comes last, because it answers whatever is left. */
export function allRoutes(panelDirectory: string): readonly Route[] {
  return [...apiRoutes, ...metaRoutes(apiRoutes), panelRoute(panelDirectory)]
}
