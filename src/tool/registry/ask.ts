import { readBounded } from "../../base/bounded-body.ts"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { RegistryCredentials } from "../../release/registry-credentials.ts"
import { parseDocument, tokenSchema } from "./documents.ts"
import type { RepositoryPlace } from "./place.ts"

/** Who asks which repository, and for how long. */
export interface Asking {
  readonly place: RepositoryPlace
  readonly credentials: RegistryCredentials | null
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface Answer {
  readonly body: Uint8Array
  readonly link: string | null
  readonly digest: string | null
}

const MAX_BYTES = 8 * 1024 * 1024
const MAX_REDIRECTS = 3

/**
 * One question to a registry; when it asks who we are, it is told, as it wants to be told: by name and password, or by a token that is
 * fetched where the registry says. Throws REGISTRY_FAILED, REGISTRY_AUTH_FAILED, IMAGE_TAG_MISSING.
 */
export async function askRegistry(asking: Asking, path: string, accept: string): Promise<Answer> {
  const { place } = asking
  const url = new URL(path, place.origin)
  const first = await send(asking, url, { accept })
  const response = first.status === 401 ? await send(asking, url, { accept, authorization: await authorization(asking, first) }) : first
  if (response.status === 200) {
    return {
      body: await readBody(asking, response),
      link: response.headers.get("link"),
      digest: response.headers.get("docker-content-digest"),
    }
  }
  await response.body?.cancel()
  throw refusal(asking, path, response.status)
}

/** What the registry wants to hear, from its challenge. */
async function authorization(asking: Asking, challenge: Response): Promise<string> {
  await challenge.body?.cancel()
  const { credentials, place } = asking
  const told = challenge.headers.get("www-authenticate") ?? ""
  if (/^basic/i.test(told)) return basicOf(asking)
  if (!/^bearer/i.test(told)) throw authFailed(place, "it does not say how to sign in")
  if (credentials?.kind === "token") return `Bearer ${credentials.token.reveal()}`
  return `Bearer ${await fetchToken(asking, told)}`
}

async function fetchToken(asking: Asking, challenge: string): Promise<string> {
  const { place, credentials } = asking
  const values = new Map([...challenge.matchAll(/([a-z]+)="([^"]*)"/g)].map((match) => [match[1] ?? "", match[2] ?? ""]))
  const realm = values.get("realm") ?? ""
  const url = URL.canParse(realm) ? new URL(realm) : null
  // Name and password go to the realm: never further than the registry itself goes, unencrypted.
  if (url === null || (url.protocol !== "https:" && !place.origin.startsWith("http://"))) {
    throw authFailed(place, "the place where it wants us to sign in is no encrypted address")
  }
  for (const name of ["service", "scope"]) {
    const value = values.get(name)
    if (value !== undefined) url.searchParams.set(name, value)
  }
  if (!values.has("scope")) url.searchParams.set("scope", `repository:${place.repository}:pull`)
  const response = await send(asking, url, credentials === null ? {} : { authorization: basicOf(asking) })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw authFailed(place, `${url.host} answered ${response.status}`)
  }
  const answer = parseDocument(tokenSchema, await readBody(asking, response), url.host)
  const token = answer.token ?? answer.access_token
  if (token === undefined) throw authFailed(place, `${url.host} gave no token`)
  return token
}

function basicOf({ credentials, place }: Asking): string {
  if (credentials === null) throw authFailed(place, "it wants name and password, and none are known for it")
  const pair = credentials.kind === "token" ? `token:${credentials.token.reveal()}` : `${credentials.user}:${credentials.password.reveal()}`
  return `Basic ${Buffer.from(pair).toString("base64")}`
}

/** Registries keep blobs elsewhere and redirect there; whoever is redirected leaves its credentials behind. */
async function send(asking: Asking, url: URL, headers: Readonly<Record<string, string>>): Promise<Response> {
  const signal = AbortSignal.any([asking.signal, AbortSignal.timeout(asking.timeoutMs)])
  let [at, sent] = [url, headers]
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const [target, told] = [at, sent]
    const response = await heard(
      asking,
      async () => await fetch(target, { headers: { connection: "close", ...told }, redirect: "manual", signal }),
      signal,
    )
    if (![301, 302, 303, 307, 308].includes(response.status)) return response
    await response.body?.cancel()
    const location = response.headers.get("location") ?? ""
    const to = URL.canParse(location, at.href) ? new URL(location, at) : null
    if (to === null || (to.protocol !== "https:" && at.protocol === "https:"))
      throw failed(asking.place, "it redirects to what is not followed")
    const { authorization: _left, ...without } = sent
    sent = to.origin === at.origin ? sent : without
    at = to
  }
  throw failed(asking.place, `it redirects more than ${MAX_REDIRECTS} times`)
}

/** What comes over the wire, with an end to waiting for it. */
async function heard<T>({ place, signal, timeoutMs }: Asking, hear: () => Promise<T>, limit?: AbortSignal): Promise<T> {
  try {
    return await hear()
  } catch (thrown) {
    signal.throwIfAborted()
    if (limit?.aborted === true || (thrown instanceof Error && thrown.name === "TimeoutError"))
      throw failed(place, `no answer within ${timeoutMs} ms`)
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown
    throw failed(place, cause instanceof AggregateError ? cause.errors.map(messageOf).join(", ") : messageOf(cause))
  }
}

async function readBody(asking: Asking, response: Response): Promise<Uint8Array> {
  const body = await heard(asking, async () => await readBounded(response.body, MAX_BYTES))
  if (body === null) throw failed(asking.place, `it answered with more than ${MAX_BYTES} bytes`)
  return body
}

function refusal(asking: Asking, path: string, status: number): HoldfastError {
  const { place, credentials } = asking
  if (status === 401 || status === 403) {
    return authFailed(
      place,
      credentials === null ? "it serves this to nobody unknown, and no credentials are known for it" : `it answered ${status}`,
    )
  }
  if (status === 404) {
    return new HoldfastError("IMAGE_TAG_MISSING", { what: `${place.registry} has no ${path.replace(/^\/v2\//, "").replace(/\?.*$/, "")}` })
  }
  return failed(place, `it answered ${status}`)
}

function authFailed({ registry, repository }: RepositoryPlace, why: string): HoldfastError {
  return new HoldfastError("REGISTRY_AUTH_FAILED", { what: `${registry} does not let us read ${repository}`, why })
}

function failed({ registry }: RepositoryPlace, why: string): HoldfastError {
  return new HoldfastError("REGISTRY_FAILED", { what: `${registry} cannot be asked`, why })
}
