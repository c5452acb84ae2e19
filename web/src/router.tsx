/** Every page and its address; each page is fetched when it is first opened. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router"
import { z } from "zod"
import { Shell } from "./shell/shell.tsx"
import { NotThere, PageFailed } from "./shell/page-failed.tsx"

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotThere, errorComponent: PageFailed })
const getParentRoute = (): typeof rootRoute => rootRoute
const text = z.string().optional().catch(undefined)

const routes = [
  createRoute({
    getParentRoute,
    path: "/",
    component: lazyRouteComponent(async () => await import("./page/overview/overview.tsx"), "Overview"),
  }),
  createRoute({
    getParentRoute,
    path: "/add-app",
    component: lazyRouteComponent(async () => await import("./page/add-app/add-app.tsx"), "AddApp"),
  }),
  createRoute({
    getParentRoute,
    path: "/apps/$app",
    component: lazyRouteComponent(async () => await import("./page/app/app.tsx"), "AppPage"),
  }),
  createRoute({
    getParentRoute,
    path: "/apps/$app/compare",
    validateSearch: z.object({ from: text, to: text }),
    component: lazyRouteComponent(async () => await import("./page/app/compare.tsx"), "Compare"),
  }),
  createRoute({
    getParentRoute,
    path: "/apps/$app/expire",
    component: lazyRouteComponent(async () => await import("./page/app/expire.tsx"), "Expire"),
  }),
  createRoute({
    getParentRoute,
    path: "/apps/$app/points/$point",
    component: lazyRouteComponent(async () => await import("./page/point/point.tsx"), "PointPage"),
  }),
  createRoute({
    getParentRoute,
    path: "/apps/$app/points/$point/files",
    validateSearch: z.object({ part: text, path: text }),
    component: lazyRouteComponent(async () => await import("./page/point/files.tsx"), "Files"),
  }),
  createRoute({
    getParentRoute,
    path: "/apps/$app/points/$point/restore",
    component: lazyRouteComponent(async () => await import("./page/restore/restore.tsx"), "Restore"),
  }),
  createRoute({
    getParentRoute,
    path: "/apps/$app/updates",
    component: lazyRouteComponent(async () => await import("./page/updates/app-updates.tsx"), "AppUpdates"),
  }),
  createRoute({
    getParentRoute,
    path: "/apps/$app/updates/apply",
    component: lazyRouteComponent(async () => await import("./page/updates/apply.tsx"), "ApplyUpdate"),
  }),
  createRoute({
    getParentRoute,
    path: "/apps/$app/updates/rollback",
    component: lazyRouteComponent(async () => await import("./page/updates/rollback.tsx"), "Rollback"),
  }),
  createRoute({
    getParentRoute,
    path: "/updates",
    component: lazyRouteComponent(async () => await import("./page/updates/updates.tsx"), "Updates"),
  }),
  createRoute({
    getParentRoute,
    path: "/schedules",
    component: lazyRouteComponent(async () => await import("./page/schedules/schedules.tsx"), "Schedules"),
  }),
  createRoute({
    getParentRoute,
    path: "/schedules/$app/$kind/$name",
    component: lazyRouteComponent(async () => await import("./page/schedules/edit.tsx"), "EditSchedule"),
  }),
  createRoute({
    getParentRoute,
    path: "/activity",
    validateSearch: z.object({ app: text }),
    component: lazyRouteComponent(async () => await import("./page/activity/activity.tsx"), "Activity"),
  }),
  createRoute({
    getParentRoute,
    path: "/activity/$id",
    component: lazyRouteComponent(async () => await import("./page/activity/operation.tsx"), "OperationPage"),
  }),
  createRoute({
    getParentRoute,
    path: "/activity/$id/undo",
    component: lazyRouteComponent(async () => await import("./page/restore/undo.tsx"), "Undo"),
  }),
  createRoute({
    getParentRoute,
    path: "/vaults",
    component: lazyRouteComponent(async () => await import("./page/vaults/vaults.tsx"), "Vaults"),
  }),
  createRoute({
    getParentRoute,
    path: "/vaults/add",
    component: lazyRouteComponent(async () => await import("./page/vaults/add.tsx"), "AddVault"),
  }),
  createRoute({
    getParentRoute,
    path: "/settings",
    validateSearch: z.object({ tab: text }),
    component: lazyRouteComponent(async () => await import("./page/settings/settings.tsx"), "Settings"),
  }),
] as const

export const router = createRouter({ routeTree: rootRoute.addChildren(routes), defaultPreload: "intent", scrollRestoration: true })

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router
  }
}
