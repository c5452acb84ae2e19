/** Signing in and what belongs to one's own account, by the routes below `/api/auth`. */
import { z } from "zod"
import { askAuth } from "./ask.ts"

const anything = z.unknown()
const signedIn = z.object({ twoFactorRedirect: z.boolean().optional() })
const enabled = z.object({ totpURI: z.string(), backupCodes: z.array(z.string()) })

/** Whether a second factor is asked for next. Throws `Problem`. */
export async function signIn(username: string, password: string): Promise<{ readonly secondFactor: boolean }> {
  const answer = await askAuth(signedIn, "/sign-in/username", { method: "POST", body: { username, password } })
  return { secondFactor: answer.twoFactorRedirect === true }
}

/** A code of the authenticator app, or one of the backup codes. Throws `Problem`. */
export async function giveSecondFactor(code: string): Promise<void> {
  const digits = code.replaceAll(/\s/g, "")
  const backup = !/^\d{6}$/.test(digits)
  await askAuth(anything, backup ? "/two-factor/verify-backup-code" : "/two-factor/verify-totp", { method: "POST", body: { code: digits } })
}

export async function signOut(): Promise<void> {
  await askAuth(anything, "/sign-out", { method: "POST", body: {} })
}

/** Begins the second factor; it holds once a first code was given. Throws `Problem`. */
export async function beginSecondFactor(password: string): Promise<z.output<typeof enabled>> {
  return await askAuth(enabled, "/two-factor/enable", { method: "POST", body: { password } })
}

export async function endSecondFactor(password: string): Promise<void> {
  await askAuth(anything, "/two-factor/disable", { method: "POST", body: { password } })
}

export async function changePassword(currentPassword: string, newPassword: string): Promise<void> {
  await askAuth(anything, "/change-password", { method: "POST", body: { currentPassword, newPassword, revokeOtherSessions: true } })
}
