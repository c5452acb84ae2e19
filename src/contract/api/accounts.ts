/** Users, API keys, the audit log. */
import { z } from "zod"
import { grant } from "./roles.ts"
import { password, username } from "./session.ts"
import { count, instant, json } from "./shapes.ts"

export const user = z.object({
  id: z.string(),
  username: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  grants: z.array(grant),
  twoFactor: z.boolean(),
  passkeys: count,
  /** May not sign in. */
  disabled: z.boolean(),
  createdAt: instant,
  /** Sessions that are open now. */
  sessions: count,
})

/** GET /users */
export const usersPage = z.object({ users: z.array(user) })

/** POST /users (fresh second factor) */
export const addUserBody = z.strictObject({
  username,
  name: z.string().min(1).max(100),
  email: z.email().nullable().default(null),
  password,
  grants: z.array(grant).min(1),
})

/** PATCH /users/:user (fresh second factor): what is left out stays. Fewer rights, a new password or `disabled` end all its sessions. */
export const editUserBody = z.strictObject({
  name: z.string().min(1).max(100).optional(),
  email: z.email().nullable().optional(),
  grants: z.array(grant).min(1).optional(),
  disabled: z.boolean().optional(),
  password: password.optional(),
  /** Takes the second factor and the passkeys away, for whoever lost them. */
  resetSecondFactor: z.literal(true).optional(),
})

export const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  /** How it begins, to tell keys apart. */
  prefix: z.string(),
  grants: z.array(grant),
  /** It may do what a person has to confirm with a fresh second factor. */
  unattended: z.boolean(),
  createdBy: z.string(),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
  expiresAt: instant.nullable(),
})

/** GET /api-keys */
export const apiKeysPage = z.object({ keys: z.array(apiKey) })

/** POST /api-keys (fresh second factor) */
export const addApiKeyBody = z.strictObject({
  name: z.string().min(1).max(100),
  grants: z.array(grant).min(1),
  unattended: z.boolean().default(false),
  expiresInDays: z.number().int().min(1).max(3650).nullable().default(null),
})
/** `key` is shown once; send it as `Authorization: Bearer <key>`. */
export const addedApiKey = z.object({ key: z.string(), apiKey })

export const auditEntry = z.object({
  sequence: count,
  at: instant,
  /** Name of the user or the API key; `unknown` for whoever did not sign in, `host` for the command line. */
  actor: z.string(),
  source: z.string(),
  /** `sign-in`, `restore`, `download`, `user.edit`, … */
  action: z.string(),
  app: z.string().nullable(),
  subject: z.string().nullable(),
  outcome: z.enum(["allowed", "refused", "failed"]),
  details: json,
})

/** GET /audit?limit&before */
export const auditPage = z.object({
  entries: z.array(auditEntry),
  more: z.boolean(),
  /** Whether every entry is as it was written, and none is missing in between. */
  intact: z.boolean(),
  /** The first entry that is not; null when all are. */
  brokenAt: count.nullable(),
})

export type User = z.infer<typeof user>
export type UsersPage = z.infer<typeof usersPage>
export type AddUserBody = z.input<typeof addUserBody>
export type EditUserBody = z.infer<typeof editUserBody>
export type ApiKey = z.infer<typeof apiKey>
export type ApiKeysPage = z.infer<typeof apiKeysPage>
export type AddApiKeyBody = z.input<typeof addApiKeyBody>
export type AddedApiKey = z.infer<typeof addedApiKey>
export type AuditEntry = z.infer<typeof auditEntry>
export type AuditPage = z.infer<typeof auditPage>
