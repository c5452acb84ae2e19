import { mkdir, readFile, rm } from "node:fs/promises"
import { join, resolve } from "node:path"
import { z } from "zod"
import { writeFileDurably } from "../../../base/durable-file.ts"
import { HoldfastError, isHoldfastError, messageOf } from "../../../base/errors.ts"
import { Secret } from "../../../base/secret.ts"
import {
  addVaultBody,
  addedVault,
  kitBody,
  vaultTestBody,
  vaultTested,
  vaultsPage,
  type Vault,
  type VaultTested,
  type VaultsPage,
} from "../../../contract/api/vaults.ts"
import type { PointSummary, Store } from "../../../operation/ports.ts"
import { putMember } from "../../../settings/edit-member.ts"
import type { Settings } from "../../../settings/settings.ts"
import { vaultLocation } from "../../../settings/vault-location.ts"
import { keyProvenAt } from "../../../vault/key-check.ts"
import type { VaultLocation } from "../../../vault/ports.ts"
import type { House } from "../../house/house.ts"
import { lookingContext, openNamedVault } from "../../house/subject.ts"
import { attachment } from "../attachment.ts"
import type { Ground } from "../ground.ts"
import { changeSettings, readSettingsFile, shownFile } from "../settings-file.ts"
import { diskOf } from "./overview.ts"
import { none, route, streamRoute, type Call, type Route } from "./route.ts"

const GROWTH_DAYS = 90
const listQuery = z.object({ check: z.enum(["true", "false"]).default("false") })

export const vaultRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/vaults",
    summary: "Every vault: what it holds, when it was last read, whether its key and kit are safe.",
    query: listQuery,
    body: none,
    answer: vaultsPage,
    handle: async ({ ground, query }) => await pageOf(ground, query.check === "true"),
  }),
  route({
    method: "POST",
    path: "/api/v1/vaults/test",
    summary: "Whether an address answers as a vault; writes nothing.",
    query: none,
    body: vaultTestBody,
    answer: vaultTested,
    audit: "vault.test",
    handle: async ({ ground, body }) => await test(ground.house, body),
  }),
  route({
    method: "POST",
    path: "/api/v1/vaults",
    summary: "Adds a vault to the settings file (`If-Match`); the first backup makes it.",
    query: none,
    body: addVaultBody,
    answer: addedVault,
    status: 201,
    audit: "vault.add",
    handle: async (call) => await add(call),
  }),
  streamRoute({
    method: "POST",
    path: "/api/v1/vaults/{vault}/kit",
    summary: "The recovery kit of one vault, to be printed or encrypted.",
    query: none,
    body: kitBody,
    audit: "vault.kit",
    handle: async (call) => await kit(call),
  }),
]

async function pageOf(ground: Ground, check: boolean): Promise<VaultsPage> {
  const { house } = ground
  const [settings, store, file] = await Promise.all([house.settings(), house.use.store(), readSettingsFile(ground)])
  const reads = await lastReads(store, Object.keys(settings.apps))
  const vaults = await Promise.all(
    Object.keys(settings.vaults).map(async (name) => await vaultOf(house, settings, store, name, reads, check)),
  )
  return { file: shownFile(file), vaults }
}

async function lastReads(store: Store, apps: readonly string[]): Promise<ReadonlyMap<string, Date>> {
  const newest = new Map<string, Date>()
  for (const app of apps) {
    for (const { vault, at, level } of await store.proofs(app)) {
      if (level !== "sealed" && (newest.get(vault)?.getTime() ?? 0) < at.getTime()) newest.set(vault, at)
    }
  }
  return newest
}

async function vaultOf(
  house: House,
  settings: Settings,
  store: Store,
  name: string,
  reads: ReadonlyMap<string, Date>,
  check: boolean,
): Promise<Vault> {
  const given = settings.vaults[name]
  const apps = await Promise.all(Object.keys(settings.apps).map(async (app) => ({ app, held: await store.pointSummaries(app, name) })))
  const points = apps.flatMap((one) => one.held)
  const [vaultId, keyProven, kitTaken, kitTakenAt] = await Promise.all([
    store.value(`vault-id:${name}`),
    keyProvenAt(store, name),
    store.value(`kit-taken:${name}`),
    store.value(takenAtName(name)),
  ])
  return {
    vault: name,
    kind: kindOf(given?.url),
    address: given?.url ?? given?.path ?? "",
    appendOnly: given?.appendOnly === true,
    keep: given?.keep === undefined ? null : Object.fromEntries(Object.entries(given.keep).filter(([, value]) => value !== undefined)),
    ...(check ? await asked(house, settings, name) : { reachable: null, why: null, checkedAt: null }),
    vaultId,
    apps: apps
      .filter((one) => one.held.length > 0)
      .map(({ app, held }) => ({ app, points: held.length, newest: held.at(-1)?.startedAt.toISOString() ?? null })),
    points: points.length,
    storedBytes: points.reduce((sum, point) => sum + point.storedBytes, 0),
    ...(await diskOf(settings, name)),
    growth: growthOf(points),
    lastReadAt: reads.get(name)?.toISOString() ?? null,
    keyProvenAt: keyProven?.toISOString() ?? null,
    kitTaken: kitTaken !== null,
    kitTakenAt,
  }
}

function kindOf(url: string | undefined): string {
  return url === undefined ? "folder" : (/^([a-z0-9]+):/.exec(url)?.[1] ?? "folder")
}

function takenAtName(vault: string): string {
  return `kit-taken-at:${vault}`
}

function growthOf(points: readonly PointSummary[]): Vault["growth"] {
  const days = new Map<string, number>()
  for (const { startedAt, storedBytes } of points) {
    const day = startedAt.toISOString().slice(0, 10)
    days.set(day, (days.get(day) ?? 0) + storedBytes)
  }
  return [...days]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .slice(-GROWTH_DAYS)
    .map(([day, storedBytes]) => ({ day, storedBytes }))
}

async function asked(house: House, settings: Settings, name: string): Promise<Pick<Vault, "reachable" | "why" | "checkedAt">> {
  const checkedAt = house.clock.now().toISOString()
  try {
    const location = vaultLocation(settings, name, { stateDirectory: house.stateDirectory })
    await (await house.use.backend()).open(location, lookingContext(house))
    return { reachable: true, why: null, checkedAt }
  } catch (thrown) {
    if (!isHoldfastError(thrown)) throw thrown
    if (thrown.code === "VAULT_ABSENT") return { reachable: true, why: "nothing was written to it yet", checkedAt }
    return { reachable: false, why: `${thrown.message}${thrown.why === undefined ? "" : ` (${thrown.why})`}`, checkedAt }
  }
}

async function test(house: House, body: z.output<typeof vaultTestBody>): Promise<VaultTested> {
  refuseTwoPlaces(body)
  const scratch = join(await house.use.scratchDirectory(), `vault-test-${house.clock.now().getTime()}`)
  const keyFile = `${scratch}.key`
  try {
    await writeFileDurably(keyFile, "a key that opens nothing\n")
    const location = locationOf((await house.settings()).directory, body, keyFile, scratch)
    await (await house.use.backend()).open(location, lookingContext(house))
    return { reachable: true, exists: true, text: "There is a vault already." }
  } catch (thrown) {
    if (isHoldfastError(thrown, "VAULT_WRONG_KEY"))
      return {
        reachable: true,
        exists: true,
        text: "It answers, and there is a vault already: put its key into the key file before you use it.",
      }
    if (isHoldfastError(thrown, "VAULT_ABSENT"))
      return { reachable: true, exists: false, text: "It answers, and nothing is there yet: the first backup makes the vault." }
    if (!isHoldfastError(thrown)) throw thrown
    return { reachable: false, exists: false, text: `${messageOf(thrown)}${thrown.why === undefined ? "" : `: ${thrown.why}`}` }
  } finally {
    await rm(keyFile, { force: true })
    await rm(scratch, { recursive: true, force: true })
  }
}

function locationOf(directory: string, body: z.output<typeof vaultTestBody>, keyFile: string, cacheDirectory: string): VaultLocation {
  const environment = Object.fromEntries(Object.entries(body.credentials ?? {}).map(([name, value]) => [name, new Secret(value)]))
  return {
    name: "test",
    url: body.url ?? resolve(directory, body.path ?? "."),
    keyFile,
    environment,
    options: Object.entries(body.options ?? {}).map(([name, value]) => `${name}=${value}`),
    cacheDirectory,
    uploadKibPerSecond: null,
    downloadKibPerSecond: null,
    appendOnly: false,
  }
}

function refuseTwoPlaces({ path, url }: { path: string | null; url: string | null }): void {
  if ((path === null) === (url === null)) throw new HoldfastError("REQUEST_INVALID", { what: "give exactly one of path and url" })
}

async function add({ ground, body, headers, note }: Call<unknown, z.output<typeof addVaultBody>>): Promise<z.input<typeof addedVault>> {
  const { house } = ground
  const { vault, path, url, credentials, options, appendOnly, keep } = body
  note(vault)
  refuseTwoPlaces(body)
  const settings = await house.settings()
  if (settings.vaults[vault] !== undefined)
    throw new HoldfastError("SETTINGS_INVALID", { what: `the settings have a vault ${vault} already` })
  const file = credentials === null || Object.keys(credentials).length === 0 ? null : await keepCredentials(house, vault, credentials)
  const value = {
    ...(path === null ? {} : { path }),
    ...(url === null ? {} : { url }),
    ...(file === null ? {} : { credentials: file }),
    ...(options === null ? {} : { options }),
    ...(appendOnly ? { appendOnly } : {}),
    ...(keep === null ? {} : { keep: Object.fromEntries(Object.entries(keep).filter(([, member]) => member !== undefined)) }),
  }
  const digest = await changeSettings(ground, headers.get("if-match"), (text) => putMember(text, ["vaults", vault], value))
  return { vault, digest }
}

/** Never in the settings: a file of their own, which only we may read. */
async function keepCredentials(house: House, vault: string, credentials: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(house.stateDirectory, "credentials")
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, `${vault}.env`)
  const lines = Object.entries(credentials).map(([name, value]) => {
    if (/\p{Cc}/u.test(value)) throw new HoldfastError("REQUEST_INVALID", { what: `the value of ${name} holds a control character` })
    return `${name}=${JSON.stringify(value)}`
  })
  await writeFileDurably(file, `${lines.join("\n")}\n`)
  return file
}

async function kit({ ground, body, param, note }: Call<unknown, z.output<typeof kitBody>>): Promise<Response> {
  const { house } = ground
  const name = param("vault")
  note(name, { as: body.as })
  const [{ collectKit, encryptKit, markKitTaken }, { renderKitHtml }, settings] = await Promise.all([
    import("../../../vault/kit.ts"),
    import("../../../vault/kit-html.ts"),
    house.settings(),
  ])
  const vault = await openNamedVault(house, settings, name, { create: false })
  const made = await collectKit({
    vaults: [vault],
    apps: Object.keys(settings.apps),
    host: house.hostName,
    holdfastVersion: house.version,
    createdAt: house.clock.now(),
    files: [],
    settings: settings.file === null ? null : await readFile(settings.file, "utf8"),
  })
  const content = body.as === "html" ? renderKitHtml(made) : await encryptKit(made, new Secret(body.passphrase))
  const store = await house.use.store()
  await markKitTaken(store, [vault])
  await store.setValue(takenAtName(name), house.clock.now().toISOString())
  return attachment(`holdfast-kit-${name}.${body.as === "html" ? "html" : "age"}`, content)
}
