/** What pages read, each under its key; live events say which keys are no longer true. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query"
import { apiKeysPage, auditPage, usersPage } from "../../../src/contract/api/accounts.ts"
import { appPage } from "../../../src/contract/api/app.ts"
import { notifications } from "../../../src/contract/api/notifications.ts"
import { operationPage, operationsPage } from "../../../src/contract/api/operations.ts"
import { overview } from "../../../src/contract/api/overview.ts"
import { compared, filesPage, pointPage, pointsPage } from "../../../src/contract/api/points.ts"
import { retention } from "../../../src/contract/api/retention.ts"
import { schedulePreview, schedulesPage, type SchedulePreviewBody } from "../../../src/contract/api/schedules.ts"
import { me, setupState } from "../../../src/contract/api/session.ts"
import { updatesPage } from "../../../src/contract/api/updates.ts"
import { vaultsPage } from "../../../src/contract/api/vaults.ts"
import { ask } from "./ask.ts"
import { place } from "./place.ts"

const RUNNING_POLL_MS = 2_000

export const meQuery = queryOptions({ queryKey: ["me"], queryFn: async ({ signal }) => await ask(me, "/me", { signal }), retry: false })

export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: async ({ signal }) => await ask(setupState, "/setup", { signal }),
  retry: false,
})

export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: async ({ signal }) => await ask(overview, "/overview", { signal }),
})

export const appQuery = (app: string) =>
  queryOptions({ queryKey: ["app", app, "page"], queryFn: async ({ signal }) => await ask(appPage, place`/apps/${app}`, { signal }) })

export const pointsQuery = (app: string, limit: number) =>
  queryOptions({
    queryKey: ["app", app, "points", limit],
    queryFn: async ({ signal }) => await ask(pointsPage, place`/apps/${app}/points?limit=${limit}`, { signal }),
    placeholderData: keepPreviousData,
  })

export const pointQuery = (app: string, point: string, vault: string | undefined) =>
  queryOptions({
    queryKey: ["app", app, "point", point, vault ?? null],
    queryFn: async ({ signal }) => await ask(pointPage, place`/apps/${app}/points/${point}?vault=${vault}`, { signal }),
  })

export const filesQuery = (app: string, point: string, where: { readonly part: string; readonly path: string }) =>
  queryOptions({
    // A point never changes, so neither do its files.
    staleTime: Infinity,
    queryKey: ["files", app, point, where.part, where.path],
    queryFn: async ({ signal }) =>
      await ask(filesPage, place`/apps/${app}/points/${point}/files?part=${where.part}&path=${where.path}`, { signal }),
  })

export const compareQuery = (app: string, from: string, to: string) =>
  queryOptions({
    staleTime: Infinity,
    queryKey: ["compare", app, from, to],
    queryFn: async ({ signal }) => await ask(compared, place`/apps/${app}/compare?from=${from}&to=${to}`, { signal }),
  })

export const retentionQuery = (app: string) =>
  queryOptions({
    queryKey: ["app", app, "retention"],
    queryFn: async ({ signal }) => await ask(retention, place`/apps/${app}/retention`, { signal }),
  })

export const updatesQuery = (app: string) =>
  queryOptions({
    queryKey: ["app", app, "updates"],
    queryFn: async ({ signal }) => await ask(updatesPage, place`/apps/${app}/updates`, { signal }),
    // Whoever runs it may be another process than the service; then no event tells.
    refetchInterval: (query) => (query.state.data === undefined || query.state.data.operation === null ? false : RUNNING_POLL_MS),
  })

export const schedulesQuery = (app: string) =>
  queryOptions({
    queryKey: ["app", app, "schedules"],
    queryFn: async ({ signal }) => await ask(schedulesPage, place`/apps/${app}/schedules`, { signal }),
  })

export const schedulePreviewQuery = (body: SchedulePreviewBody) =>
  queryOptions({
    queryKey: ["schedule-preview", body],
    queryFn: async ({ signal }) => await ask(schedulePreview, "/schedule-preview", { method: "POST", body, signal }),
    retry: false,
    placeholderData: keepPreviousData,
  })

export const operationsQuery = (app: string | undefined, limit: number) =>
  queryOptions({
    queryKey: ["operations", app ?? null, limit],
    queryFn: async ({ signal }) => await ask(operationsPage, place`/operations?app=${app}&limit=${limit}`, { signal }),
    placeholderData: keepPreviousData,
  })

export const operationQuery = (id: string) =>
  queryOptions({
    queryKey: ["operation", id],
    queryFn: async ({ signal }) => await ask(operationPage, place`/operations/${id}`, { signal }),
    // Whoever runs it may be another process than the service; then no event tells.
    refetchInterval: (query) => (query.state.data?.operation.status === "finished" ? false : RUNNING_POLL_MS),
  })

export const vaultsQuery = queryOptions({
  queryKey: ["vaults"],
  queryFn: async ({ signal }) => await ask(vaultsPage, "/vaults", { signal }),
})

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: async ({ signal }) => await ask(usersPage, "/users", { signal }),
})

export const apiKeysQuery = queryOptions({
  queryKey: ["api-keys"],
  queryFn: async ({ signal }) => await ask(apiKeysPage, "/api-keys", { signal }),
})

export const auditQuery = (limit: number) =>
  queryOptions({
    queryKey: ["audit", limit],
    queryFn: async ({ signal }) => await ask(auditPage, place`/audit?limit=${limit}`, { signal }),
    placeholderData: keepPreviousData,
  })

export const notificationsQuery = queryOptions({
  queryKey: ["notifications"],
  queryFn: async ({ signal }) => await ask(notifications, "/notifications", { signal }),
})
