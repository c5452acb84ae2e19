/**
 * Who is asking, and the first account. Signing in and out, the second factor and passkeys are better-auth's own routes below
 * `/api/auth`: POST `sign-in/username` {username, password}, POST `two-factor/verify-totp` {code}, POST `sign-out`, POST `two-factor/enable`
 * {password} (gives `totpURI` and `backupCodes`), `passkey/*`, POST `change-password`.
 *
 * Every request that changes something must carry the header `x-holdfast: 1`, or it is refused as a forgery.
 */
import { z } from "zod"
import { count, instant } from "./shapes.ts"
import { grant } from "./roles.ts"

/** GET /me */
export const me = z.object({
  kind: z.enum(["user", "api-key"]),
  id: z.string(),
  username: z.string(),
  name: z.string(),
  /** Null where none was given; then there is nowhere to write to. */
  email: z.string().nullable(),
  grants: z.array(grant),
  /** Apps that may be seen. */
  apps: z.array(z.string()),
  twoFactor: z.boolean(),
  passkeys: count,
  /** Until when what asks for a fresh second factor is allowed; null: confirm first (POST /me/confirm). */
  freshUntil: instant.nullable(),
  /** How to confirm: what this account has, the strongest first. */
  confirmBy: z.array(z.enum(["passkey", "totp", "password"])),
  version: z.string(),
  host: z.string(),
})

/** POST /me/confirm: exactly one of them; the password counts only for an account without second factor. */
export const confirmBody = z.object({ code: z.string().max(64).optional(), password: z.string().max(256).optional() })
export const confirmed = z.object({ freshUntil: instant })

/** GET /setup: needs no sign-in. */
export const setupState = z.object({ needed: z.boolean() })

export const username = z.string().regex(/^[a-z0-9][a-z0-9._-]{1,39}$/)
export const password = z.string().min(12).max(256)

/** POST /setup: the first account, an owner; the token is in the log of the host. */
export const setupBody = z.object({
  token: z.string().min(1).max(200),
  username,
  name: z.string().min(1).max(100),
  email: z.email().nullable().default(null),
  password,
})

export type Me = z.infer<typeof me>
export type ConfirmBody = z.infer<typeof confirmBody>
export type Confirmed = z.infer<typeof confirmed>
export type SetupState = z.infer<typeof setupState>
export type SetupBody = z.input<typeof setupBody>
