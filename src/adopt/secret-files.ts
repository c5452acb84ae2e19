/** The secret files of an updater: made where they are missing or empty, never touched where they are filled (C131-C135). */
import { randomBytes } from "node:crypto"
import { chown, mkdir, open, readFile, rm, rmdir, stat } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import { z } from "zod"
import type { ManagedUpdates } from "../app/managed-updates.ts"
import { sha256, type Json } from "../base/canonical-json.ts"
import { syncDirectory, writeFileDurably } from "../base/durable-file.ts"
import { HoldfastError, isHoldfastError } from "../base/errors.ts"
import { readPublicKey } from "../release/public-key.ts"
import { readRegistryCredentials } from "../release/registry-credentials.ts"

type Make = ManagedUpdates["secrets"][string]["make"] | "never"

/** One secret file as it is found; its content is judged and left where it is. */
export interface SecretFound {
  readonly name: string
  readonly path: string
  readonly make: Make
  readonly wantedMode: number
  readonly state: "missing" | "empty" | "blank" | "filled"
  /** Why what is in it cannot be right; null when it can, or when nothing is in it. */
  readonly problem: string | null
  /** Null when it is missing. */
  readonly status: { readonly mode: number; readonly uid: number; readonly gid: number } | null
}

/** What is done with one secret file or with their folder; journaled before, and what going back goes by. Never holds a secret. */
export interface SecretChange {
  readonly name: string
  readonly path: string
  readonly act: "make" | "mode" | "make-directory" | "directory-mode"
  readonly make: Make
  readonly mode: number
  readonly before: { readonly mode: number; readonly uid: number; readonly gid: number } | null
  /** `sha256:…` of what is written by `make`, by which going back knows it again; null until that is known. A random token is not told by it. */
  readonly writes: string | null
}

/** Reads what there is, and changes nothing. @param paths name → absolute path, where the compose files say another than the usual one */
export async function findSecrets(
  managed: ManagedUpdates,
  projectDirectory: string,
  paths: Readonly<Record<string, string>>,
): Promise<readonly SecretFound[]> {
  const own = Object.entries(managed.secrets).map(async ([name, { file, make, mode }]) => {
    const path = paths[name] ?? resolve(projectDirectory, file)
    return await findSecret(name, path, make, Number.parseInt(mode, 8), managed.keyDigest)
  })
  const shared = Object.entries(managed.sharedSecrets).flatMap(([name, { mode }]) => {
    const path = paths[name]
    return path === undefined ? [] : [findSecret(name, path, "never" as const, Number.parseInt(mode, 8), managed.keyDigest)]
  })
  return await Promise.all([...own, ...shared])
}

async function findSecret(name: string, path: string, make: Make, wantedMode: number, keyDigest: string): Promise<SecretFound> {
  const found = await stat(path).catch(absent)
  if (found === null) return { name, path, make, wantedMode, state: "missing", problem: null, status: null }
  const status = { mode: found.mode & 0o7777, uid: found.uid, gid: found.gid }
  // The engine makes a folder where a file that it shall mount is missing.
  if (!found.isFile()) return { name, path, make, wantedMode, state: "filled", problem: `${path} is no file`, status }
  const content = await readFile(path)
  const state = content.byteLength === 0 ? "empty" : content.toString("utf8").trim() === "" ? "blank" : "filled"
  return { name, path, make, wantedMode, state, problem: state === "empty" ? null : problemOf(make, content, keyDigest), status }
}

function absent(thrown: unknown): null {
  if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return null
  throw thrown
}

const SHORTEST_TOKEN = 16

/** What crash-loops an updater (C146): a token of nothing, a key that is none. Blank credentials mean that nobody signs in (C133). */
function problemOf(make: Make, content: Buffer, keyDigest: string): string | null {
  const text = content.toString("utf8")
  if (make === "random-hex-32") {
    const length = text.trim().length
    return length >= SHORTEST_TOKEN ? null : length === 0 ? "it holds white space only" : `it holds ${length} characters`
  }
  if (make === "vendor-key") return keyProblem(content, keyDigest)
  return make === "nothing" ? credentialsProblem(text) : null
}

export function keyProblem(content: Uint8Array, keyDigest: string): string | null {
  try {
    const { fingerprint } = readPublicKey(Buffer.from(content).toString("utf8"))
    const fileDigest = sha256(content)
    if (fileDigest === keyDigest || fingerprint === keyDigest) return null
    return `its SHA-256 is ${fileDigest.replace("sha256:", "")}, that of the key itself ${fingerprint.replace("sha256:", "")}`
  } catch (thrown) {
    if (isHoldfastError(thrown, "RELEASE_KEY_INVALID")) return thrown.why ?? thrown.message
    throw thrown
  }
}

function credentialsProblem(text: string): string | null {
  try {
    readRegistryCredentials(text)
    return null
  } catch (thrown) {
    if (isHoldfastError(thrown, "REGISTRY_AUTH_FAILED")) return thrown.why ?? thrown.message
    throw thrown
  }
}

/** The folder's own mode is what keeps others out, for the files in it are read by two users (C134). */
export const SECRETS_DIRECTORY_MODE = 0o700

export interface DirectoryFound {
  readonly path: string
  readonly status: { readonly mode: number; readonly uid: number; readonly gid: number } | null
}

export async function findDirectory(path: string): Promise<DirectoryFound> {
  const found = await stat(path).catch(absent)
  return { path, status: found === null ? null : { mode: found.mode & 0o7777, uid: found.uid, gid: found.gid } }
}

/** What has to be done, the folder first. Pure. */
export function planSecrets(found: readonly SecretFound[], directory: DirectoryFound): readonly SecretChange[] {
  return [...directoryChange(found, directory), ...found.flatMap(fileChange)]
}

function directoryChange(found: readonly SecretFound[], { path, status }: DirectoryFound): readonly SecretChange[] {
  const change = { name: "secrets", path, make: "never" as const, mode: SECRETS_DIRECTORY_MODE, before: status, writes: null }
  if (!found.some((one) => dirname(one.path) === path)) return []
  if (status === null) return [{ ...change, act: "make-directory" }]
  return (status.mode & 0o077) === 0 ? [] : [{ ...change, act: "directory-mode" }]
}

function fileChange({ name, path, make, wantedMode, state, status }: SecretFound): readonly SecretChange[] {
  const change = { name, path, make, mode: wantedMode, before: status, writes: null }
  if (make !== "never" && state === "missing") return [{ ...change, act: "make" }]
  // Empty credentials are what they are meant to be.
  if (make !== "never" && make !== "nothing" && state === "empty") return [{ ...change, act: "make" }]
  return status === null || status.mode === wantedMode ? [] : [{ ...change, act: "mode" }]
}

/**
 * What is written into each file that is made, by path; random tokens among them, so it stays in memory.
 * @param vendorKey bytes that were compared with the pinned digest
 */
export function secretContents(changes: readonly SecretChange[], vendorKey: Uint8Array | null): ReadonlyMap<string, Uint8Array> {
  return new Map(changes.filter(({ act }) => act === "make").map((change) => [change.path, contentOf(change, vendorKey)]))
}

/** Repeating it makes nothing twice: what is filled meanwhile stays. @param content what is made of it; null for what is not made */
export async function applySecret(change: SecretChange, content: Uint8Array | null): Promise<void> {
  const { act, path, mode, before } = change
  if (act === "make-directory") {
    await mkdir(path, { mode, recursive: true })
    await setMode(path, mode)
    return await syncDirectory(dirname(path))
  }
  if (act === "mode" || act === "directory-mode") return await setMode(path, mode)
  if (content === null || (await isFilled(path))) return
  await writeFileDurably(path, content, mode)
  if (before !== null) await chown(path, before.uid, before.gid)
}

/** Whether something is in the file; one that is missing is not filled. */
export async function isFilled(path: string): Promise<boolean> {
  const present = await readFile(path).catch(absent)
  return present !== null && present.byteLength > 0
}

async function setMode(path: string, mode: number): Promise<void> {
  const handle = await open(path, "r")
  try {
    await handle.chmod(mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const TOKEN_BYTES = 32

function contentOf({ make, name }: SecretChange, vendorKey: Uint8Array | null): Uint8Array {
  if (make === "random-hex-32") return Buffer.from(randomBytes(TOKEN_BYTES).toString("hex"))
  if (make === "nothing") return new Uint8Array()
  if (make === "vendor-key" && vendorKey !== null) return vendorKey
  throw new HoldfastError("ADOPT_SURPRISE", { what: `nothing is known that could be written into ${name}` })
}

/**
 * As it was before: what was made goes, an empty file is empty again, modes come back. What somebody else has put into a file meanwhile
 * stays. Repeatable. Returns whether the secret stays because of that.
 */
export async function takeSecretBack(change: SecretChange): Promise<"back" | "stays"> {
  const { act, path, before } = change
  if (act === "make" && (await isOfAnother(change))) return "stays"
  await undoSecret(change).catch(ignoreGoneOrFilled)
  if (act === "make-directory" || (act === "make" && before === null)) await syncDirectory(dirname(path)).catch(ignoreGoneOrFilled)
  return "back"
}

async function isOfAnother({ path, writes }: SecretChange): Promise<boolean> {
  const now = await readFile(path).catch(absent)
  return now !== null && now.byteLength > 0 && writes !== null && sha256(now) !== writes
}

async function undoSecret({ act, path, before }: SecretChange): Promise<void> {
  if (act === "make-directory") return await rmdir(path)
  if (before === null) return await rm(path, { force: true })
  if (act === "make") await writeFileDurably(path, "", before.mode)
  await setMode(path, before.mode)
  await chown(path, before.uid, before.gid)
}

function ignoreGoneOrFilled(thrown: unknown): void {
  if (thrown instanceof Error && "code" in thrown && (thrown.code === "ENOENT" || thrown.code === "ENOTEMPTY")) return
  throw thrown
}

const statusSchema = z.object({ mode: z.number(), uid: z.number(), gid: z.number() })
const changesSchema = z.array(
  z.object({
    name: z.string(),
    path: z.string(),
    act: z.enum(["make", "mode", "make-directory", "directory-mode"]),
    make: z.enum(["random-hex-32", "vendor-key", "nothing", "never"]),
    mode: z.number(),
    before: statusSchema.nullable(),
    writes: z.string().nullable().default(null),
  }),
)

export function secretsToJson(changes: readonly SecretChange[]): Json {
  return changes.map((change) => ({ ...change, before: change.before === null ? null : { ...change.before } }))
}

export function secretsFromJson(json: unknown): readonly SecretChange[] {
  return changesSchema.parse(json)
}
