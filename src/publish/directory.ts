import { link, mkdir, open, readdir, readFile, rm } from "node:fs/promises"
import { randomBytes } from "node:crypto"
import { dirname, join } from "node:path"
import { systemClock, type Clock } from "../base/clock.ts"
import { syncDirectory, writeFileDurably } from "../base/durable-file.ts"
import { HoldfastError } from "../base/errors.ts"
import { readManifest, type Channel, type ReleaseManifest } from "../release/manifest.ts"
import {
  ANNOUNCEMENT_FILE,
  BUNDLE_ENDING,
  issueFile,
  latestFile,
  parseIssueFile,
  PUBLIC_KEY_FILE,
  SIGNATURE_ENDING,
} from "../release/place.ts"
import type { ReleaseSource, SignedDocument } from "../release/ports.ts"
import { exclusively } from "./exclusively.ts"
import type { SignedFiles } from "./sign.ts"

/** One release as it was published in one channel. */
export interface Issue {
  readonly file: string
  readonly bytes: Uint8Array
  readonly manifest: ReleaseManifest
}

/** The directory that is served. What is in it is readable for everybody: it holds no secret. */
export interface ReleaseDirectory {
  readonly path: string
  /** The same directory as whoever follows it sees it. */
  readonly source: ReleaseSource
  /** Every issue of a channel, oldest first. Throws RELEASE_INVALID when one cannot be read. */
  issues(channel: Channel): Promise<readonly Issue[]>
  /** Null when there is none. */
  read(file: string): Promise<Uint8Array | null>
  signed(file: string): Promise<SignedDocument | null>
  /** Replaces files, durably; the signatures first, so that a document is never newer than what lies beside it. */
  replace(file: string, content: Uint8Array, beside: SignedFiles): Promise<void>
  /** The same for what must not be there yet. Throws RELEASE_EXISTS. */
  add(file: string, content: Uint8Array, beside: SignedFiles): Promise<void>
  /** Nobody else publishes into it while `work` runs. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
}

const FILE_MODE = 0o644

/** Opens a directory of releases, which need not exist yet. */
export function openReleaseDirectory(path: string, clock: Pick<Clock, "sleep"> = systemClock): ReleaseDirectory {
  const read = async (file: string): Promise<Uint8Array | null> => await readIfThere(join(path, file))
  const signed = async (file: string): Promise<SignedDocument | null> => {
    const bytes = await read(file)
    return bytes === null ? null : { bytes, signature: await signatureBeside(read, file) }
  }
  return {
    path,
    source: sourceOf(path, read, signed),
    issues: async (channel) => await readIssues(path, channel),
    read,
    signed,
    replace: async (file, content, beside) => {
      await mkdir(dirname(join(path, file)), { recursive: true })
      // A form that is not written now would be one of the bytes before.
      for (const ending of [SIGNATURE_ENDING, BUNDLE_ENDING]) {
        if (beside[ending] === undefined) await rm(join(path, file + ending), { force: true })
      }
      for (const [ending, text] of Object.entries(beside)) await writeFileDurably(join(path, file + ending), text, FILE_MODE)
      await writeFileDurably(join(path, file), content, FILE_MODE)
    },
    add: async (file, content, beside) => {
      const made = await mkdir(dirname(join(path, file)), { recursive: true })
      if (made !== undefined) await syncDirectory(dirname(made))
      if ((await read(file)) !== null) throw exists(file)
      for (const [ending, text] of Object.entries(beside)) await writeFileDurably(join(path, file + ending), text, FILE_MODE)
      await writeNew(join(path, file), content)
    },
    exclusively: async (work) => await exclusively(path, clock, work),
  }
}

function sourceOf(
  path: string,
  read: (file: string) => Promise<Uint8Array | null>,
  signed: (file: string) => Promise<SignedDocument | null>,
): ReleaseSource {
  const required = async <T>(file: string, found: Promise<T | null>): Promise<T> => {
    const value = await found
    if (value !== null) return value
    throw new HoldfastError("RELEASE_UNKNOWN", { what: `there is no ${join(path, file)}` })
  }
  return {
    latest: async (channel) => await required(latestFile(channel), signed(latestFile(channel))),
    issue: async (version, channel, sequence) => {
      const file = issueFile(version, channel, sequence)
      return await required(file, signed(file))
    },
    announcement: async () => await signed(ANNOUNCEMENT_FILE),
    publicKey: async () => Buffer.from(await required(PUBLIC_KEY_FILE, read(PUBLIC_KEY_FILE))).toString("utf8"),
  }
}

async function signatureBeside(read: (file: string) => Promise<Uint8Array | null>, file: string): Promise<SignedDocument["signature"]> {
  const detached = await read(file + SIGNATURE_ENDING)
  if (detached !== null) return { kind: "detached", content: detached }
  const bundle = await read(file + BUNDLE_ENDING)
  return bundle === null ? null : { kind: "bundle", content: bundle }
}

async function readIssues(path: string, channel: Channel): Promise<readonly Issue[]> {
  const issues: Issue[] = []
  for (const version of await namesIn(join(path, "releases"))) {
    for (const name of await namesIn(join(path, "releases", version))) {
      const parsed = parseIssueFile(name)
      if (parsed?.channel !== channel) continue
      const bytes = await readFile(join(path, "releases", version, name))
      issues.push({ file: `releases/${version}/${name}`, bytes, manifest: readManifest(bytes) })
    }
  }
  return issues.toSorted((left, right) => left.manifest.sequence - right.manifest.sequence)
}

/** Fails when there is such a file, also when another process made it just now. */
async function writeNew(path: string, content: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.new.${randomBytes(4).toString("hex")}.tmp`)
  try {
    const file = await open(temporary, "wx", FILE_MODE)
    try {
      await file.chmod(FILE_MODE)
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(temporary, path)
  } catch (thrown) {
    if (codeOf(thrown) === "EEXIST") throw exists(path)
    throw thrown
  } finally {
    await rm(temporary, { force: true })
  }
  await syncDirectory(dirname(path))
}

function exists(file: string): HoldfastError {
  return new HoldfastError("RELEASE_EXISTS", { what: `${file} was published before` })
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path)
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return null
    throw thrown
  }
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).toSorted()
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return []
    throw thrown
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : null
}
