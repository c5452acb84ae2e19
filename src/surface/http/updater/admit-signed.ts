import { readFile } from "node:fs/promises"
import { HoldfastError } from "../../../base/errors.ts"
import type { House } from "../../house/house.ts"
import { declaredApp } from "../../house/subject.ts"
import type { Ground } from "../ground.ts"
import type { Who } from "../guard/who.ts"
import { readSigned, type Fault, type SignedRequest } from "./signed-request.ts"

/** Below it requests are let in by their signature alone: no cookie counts, so no browser can be made to send one. */
export const SIGNED_PATHS = "/api/v1/updater/"

/**
 * Lets in what the app's own token signed. Whatever is wrong, the answer is the same: whoever has no token learns neither which apps
 * there are nor what was nearly right. Throws UPDATER_REQUEST_REFUSED, TOO_MANY_ATTEMPTS.
 */
export async function admitSigned(ground: Ground, app: string, source: string, request: SignedRequest): Promise<Who> {
  const { accounts, house } = ground
  await accounts.signedLimits.admit(source, null)
  const token = await tokenOf(house, app)
  const read = readSigned(request, token, house.clock.now().getTime())
  const fault = typeof read === "string" ? read : faultOf(accounts.nonces.take(app, read.nonce))
  // An app stands for no person: like a key that was made to act unattended.
  if (fault === null) return { kind: "api-key", id: `app:${app}`, name: `app ${app}`, grants: [], sessionId: null, unattended: true }
  accounts.signedLimits.failed(source, null)
  const known = token === null ? null : app
  const entry = { actor: "unknown", source, action: "updater", app: known, subject: null, outcome: "refused" as const }
  await accounts.audit.add({ ...entry, details: { fault } })
  throw new HoldfastError("UPDATER_REQUEST_REFUSED", { what: "the request is not signed as it has to be" })
}

function faultOf(taken: "fresh" | "used" | "crowded"): Fault | "replay" | null {
  if (taken === "fresh") return null
  if (taken === "used") return "replay"
  throw new HoldfastError("TOO_MANY_ATTEMPTS", {
    what: "this app asks too often",
    hint: "Ask at most twice a second, and only while somebody looks.",
    details: { retryAfterSeconds: 60 },
  })
}

/** Null where nobody of this name may drive its updates: no such app, no token in the settings, a file that is not there or blank. */
async function tokenOf(house: House, app: string): Promise<string | null> {
  try {
    const { declared } = await declaredApp(house, app)
    const file = declared.updates?.tokenFile ?? null
    return file === null ? null : (await readFile(file, "utf8")).replace(/\r?\n$/, "")
  } catch {
    return null
  }
}
