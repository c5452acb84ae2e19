import { z } from "zod"
import { HoldfastError } from "../base/errors.ts"
import { Secret } from "../base/secret.ts"

/** A name and a password, or a token that is one already. */
export type RegistryCredentials =
  | { readonly kind: "basic"; readonly user: string; readonly password: Secret }
  | { readonly kind: "token"; readonly token: Secret }

/** By registry: `registry.example`, `registry.example:5000`. */
export type CredentialsByRegistry = ReadonlyMap<string, RegistryCredentials>

const one = z.object({
  username: z.string().optional(),
  password: z.string().optional(),
  token: z.string().optional(),
  auth: z.string().optional(),
})
const fileSchema = z.union([
  z.object({ auths: z.record(z.string(), one) }),
  one.extend({ registry: z.string() }).transform(({ registry, ...entry }) => ({ auths: { [registry]: entry } })),
  // As the engine's own interface takes it, and with it updaters that hand it on.
  one.extend({ serveraddress: z.string() }).transform(({ serveraddress, ...entry }) => ({ auths: { [serveraddress]: entry } })),
  z
    .array(one.extend({ registry: z.string() }))
    .transform((list) => ({ auths: Object.fromEntries(list.map(({ registry, ...entry }) => [registry, entry])) })),
  z.record(z.string(), one).transform((auths) => ({ auths })),
])

/**
 * Reads a file of registry credentials: what the engine writes (`auths`), one registry (`registry` or `serveraddress`) or a list of them with `username`,
 * `password` or `token`, or members named for registries. Nothing but white space means that nobody signs in (C133). Throws
 * REGISTRY_AUTH_FAILED, which never repeats the file.
 */
export function readRegistryCredentials(text: string): CredentialsByRegistry {
  if (text.trim() === "") return new Map()
  const parsed = fileSchema.safeParse(parseJson(text))
  if (!parsed.success) throw notUnderstood("it is not what credentials look like")
  return new Map(Object.entries(parsed.data.auths).map(([registry, entry]) => [hostOf(registry), credentialsOf(registry, entry)]))
}

function credentialsOf(registry: string, { username, password, token, auth }: z.infer<typeof one>): RegistryCredentials {
  if (token !== undefined && token !== "") return { kind: "token", token: new Secret(token) }
  if (username !== undefined && password !== undefined) return { kind: "basic", user: username, password: new Secret(password) }
  const split = /^([^:]+):(.+)$/s.exec(auth === undefined ? "" : Buffer.from(auth, "base64").toString("utf8"))
  if (split !== null) return { kind: "basic", user: split[1] ?? "", password: new Secret(split[2] ?? "") }
  throw notUnderstood(`for ${hostOf(registry)} there is neither username and password nor token`)
}

/** Older files write an address where newer ones write the registry; that of the default registry has another name. */
function hostOf(registry: string): string {
  const host = registry.replace(/^https?:\/\//, "").replace(/\/.*$/, "")
  return host === "index.docker.io" ? "docker.io" : host
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function notUnderstood(why: string): HoldfastError {
  return new HoldfastError("REGISTRY_AUTH_FAILED", { what: "the registry credentials cannot be read", why })
}
