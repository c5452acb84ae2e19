import { z } from "zod"
import {
  addApiKeyBody,
  addedApiKey,
  addUserBody,
  apiKeysPage,
  auditPage,
  editUserBody,
  user,
  usersPage,
} from "../../../contract/api/accounts.ts"
import { done } from "../../../contract/api/shapes.ts"
import { none, route, type Route } from "./route.ts"

const auditQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  before: z.coerce.number().int().positive().optional(),
})

export const accountRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/users",
    summary: "Users and what they may do.",
    query: none,
    body: none,
    answer: usersPage,
    handle: async ({ ground }) => await Promise.resolve({ users: [...ground.accounts.users.list()] }),
  }),
  route({
    method: "POST",
    path: "/api/v1/users",
    summary: "Adds a user.",
    query: none,
    body: addUserBody,
    answer: user,
    status: 201,
    audit: "user.add",
    handle: async ({ ground, body, note }) => {
      const { grants, ...rest } = body
      note(body.username, { grants })
      return await ground.accounts.users.add(rest, grants)
    },
  }),
  route({
    method: "PATCH",
    path: "/api/v1/users/{user}",
    summary: "Changes a user; whatever takes something away ends all sessions of that user.",
    query: none,
    body: editUserBody,
    answer: user,
    audit: "user.edit",
    handle: async ({ ground, body, param, note }) => {
      const { password, ...shown } = body
      const { username } = ground.accounts.users.find(param("user"))
      note(username, { ...shown, ...(password === undefined ? {} : { password: "changed" }) })
      return await ground.accounts.users.edit(param("user"), body)
    },
  }),
  route({
    method: "DELETE",
    path: "/api/v1/users/{user}",
    summary: "Removes a user, and the API keys that the user made.",
    query: none,
    body: none,
    answer: done,
    audit: "user.remove",
    handle: async ({ ground, param, note }) => {
      note(ground.accounts.users.remove(param("user")).username)
      return await Promise.resolve({ done: true as const })
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/api-keys",
    summary: "API keys; never the keys themselves.",
    query: none,
    body: none,
    answer: apiKeysPage,
    handle: async ({ ground }) => await Promise.resolve({ keys: [...ground.accounts.keys.list()] }),
  }),
  route({
    method: "POST",
    path: "/api/v1/api-keys",
    summary: "Makes an API key, which is shown this once.",
    query: none,
    body: addApiKeyBody,
    answer: addedApiKey,
    status: 201,
    audit: "api-key.add",
    handle: async ({ ground, who, body, note }) => {
      note(body.name, { grants: body.grants, unattended: body.unattended })
      return await Promise.resolve(ground.accounts.keys.add(body, who.name))
    },
  }),
  route({
    method: "DELETE",
    path: "/api/v1/api-keys/{key}",
    summary: "Revokes an API key, at once.",
    query: none,
    body: none,
    answer: done,
    audit: "api-key.remove",
    handle: async ({ ground, param, note }) => {
      note(ground.accounts.keys.remove(param("key")).name)
      return await Promise.resolve({ done: true as const })
    },
  }),
  route({
    method: "GET",
    path: "/api/v1/audit",
    summary: "The audit log, newest first, and whether it is as it was written.",
    query: auditQuery,
    body: none,
    answer: auditPage,
    handle: async ({ ground, query }) => {
      const { audit } = ground.accounts
      const entries = audit.list({ limit: query.limit + 1, before: query.before ?? null })
      const brokenAt = await audit.brokenAt()
      return { entries: entries.slice(0, query.limit), more: entries.length > query.limit, intact: brokenAt === null, brokenAt }
    },
  }),
]
