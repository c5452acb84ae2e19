/** Passkeys, by what browsers bring themselves. */
import { z } from "zod"
import { askAuth } from "./ask.ts"
import { Problem } from "./problem.ts"

const anything = z.unknown()
const passkeys = z.array(z.object({ id: z.string(), name: z.string().nullish(), createdAt: z.string().nullish() }))
/** The browser parses what is inside; the panel only hands it over. */
const options = z.record(z.string(), z.unknown())

export type Passkey = z.output<typeof passkeys>[number]

/** Browsers bind a passkey to a name. */
const NUMBERS = /^(\d+\.){3}\d+$|^\[/

/** Whether this browser can, here. */
export function passkeysWork(): boolean {
  return (
    !NUMBERS.test(location.hostname) &&
    typeof PublicKeyCredential === "function" &&
    typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function" &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function"
  )
}

export async function listPasskeys(): Promise<readonly Passkey[]> {
  return await askAuth(passkeys, "/passkey/list-user-passkeys")
}

/** Throws `Problem`, also when the person declined. */
export async function addPasskey(name: string): Promise<void> {
  const json = await askAuth(options, "/passkey/generate-register-options")
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asCreation(json))
  const made = await navigator.credentials.create({ publicKey }).catch(declined)
  await askAuth(anything, "/passkey/verify-registration", { method: "POST", body: { response: jsonOf(made), name } })
}

/** Signs in, or confirms who is signed in already. Throws `Problem`, also when the person declined. */
export async function signInWithPasskey(): Promise<void> {
  const json = await askAuth(options, "/passkey/generate-authenticate-options")
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asRequest(json))
  const got = await navigator.credentials.get({ publicKey }).catch(declined)
  await askAuth(anything, "/passkey/verify-authentication", { method: "POST", body: { response: jsonOf(got) } })
}

export async function removePasskey(id: string): Promise<void> {
  await askAuth(anything, "/passkey/delete-passkey", { method: "POST", body: { id } })
}

function asCreation(json: Record<string, unknown>): PublicKeyCredentialCreationOptionsJSON {
  return creationShape.parse(json)
}

function asRequest(json: Record<string, unknown>): PublicKeyCredentialRequestOptionsJSON {
  return requestShape.parse(json)
}

const creationShape = z.custom<PublicKeyCredentialCreationOptionsJSON>(
  (value) => value !== null && typeof value === "object" && "challenge" in value,
)
const requestShape = z.custom<PublicKeyCredentialRequestOptionsJSON>(
  (value) => value !== null && typeof value === "object" && "challenge" in value,
)

function jsonOf(credential: Credential | null): unknown {
  if (credential instanceof PublicKeyCredential) return credential.toJSON()
  throw declinedProblem("no passkey was given")
}

function declined(error: unknown): never {
  throw declinedProblem(error instanceof Error ? error.message : String(error))
}

function declinedProblem(why: string): Problem {
  return new Problem({
    code: "PASSKEY",
    what: "the passkey was not used",
    why,
    hint: "Try again, or use another way.",
    status: 0,
    document: null,
  })
}
