/** What the vault room asks of its engine (restic, behind `tool/restic`). Words are ours: items, parts, points; never the engine's. */
import type { DumpSink, DumpSource } from "../app/ports.ts"
import type { RunContext } from "../base/run-context.ts"
import type { Secret } from "../base/secret.ts"

/** Everything needed to open one vault. */
export interface VaultLocation {
  readonly name: string
  /** Absolute path, or any URL that the engine takes (`rest:…`, `sftp:…`, `s3:…`). */
  readonly url: string
  /** File with the key, 0600. */
  readonly keyFile: string
  /** Credentials for the transport, as environment of the one child. */
  readonly environment: Readonly<Record<string, string | Secret>>
  /** Engine options as `name=value` (for example `sftp.args=-p 2022 -i key`, `s3.storage-class=STANDARD_IA`). */
  readonly options: readonly string[]
  readonly cacheDirectory: string
  readonly uploadKibPerSecond: number | null
  readonly downloadKibPerSecond: number | null
  /** Most processors used at once; all when left out. */
  readonly cpus?: number | null
  readonly appendOnly: boolean
  /** The path is on a disk of its own, and the vault is used only while that is mounted. */
  readonly mustBeMounted?: boolean
}

/** What is attached to a stored item; the only way items are found again. */
export interface ItemTags {
  readonly app: string
  /** The point's id; null for an image, which is shared by points, and for ledger entries that belong to no point. */
  readonly point: string | null
  /** `manifest`, `database:main`, `files:uploads`, `secrets`, `configuration`, `image:sha256:…`, `ledger:<kind>`. */
  readonly part: string
}

/** One thing stored in a vault. `treeId` is the same in every copy; `storageId` is not and never leaves the vault room. */
export interface StoredItem {
  readonly storageId: string
  readonly treeId: string
  readonly tags: ItemTags
  readonly time: Date
}

export interface StoredSummary extends StoredItem {
  readonly sizeBytes: number
  /** Bytes that were added to the vault, after deduplication and compression. */
  readonly storedBytes: number
  readonly files: number
}

export interface TreeSource {
  /** Absolute directory, saved from inside as `.`; or a single directory of ours that holds what is to be saved. */
  readonly root: string
  readonly exclude: readonly string[]
  /** An earlier item of the same tree, to find unchanged files quickly. */
  readonly parent: StoredItem | null
}

/** A path inside an item, as listed. Names are data, shown escaped, never joined to a path without `safeJoin`. */
export interface ListedEntry {
  readonly path: string
  readonly kind: "file" | "dir" | "symlink" | "fifo" | "socket" | "dev" | "chardev"
  readonly sizeBytes: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly modifiedAt: Date
}

export interface VaultBackend {
  /**
   * A digest of all that decides whether and as what a vault opens, where that can be seen without opening it; null elsewhere.
   * Equal digests: the answer of the earlier opening still holds.
   */
  likeness(location: VaultLocation): Promise<string | null>
  /** Makes the vault; throws when there is one already. Returns its pinned identity. */
  initialise(location: VaultLocation, ctx: RunContext, copyParametersFrom?: VaultLocation): Promise<{ vaultId: string }>
  /** Opens it with the key; VAULT_ABSENT, VAULT_WRONG_KEY, VAULT_UNREACHABLE tell what is wrong. */
  open(location: VaultLocation, ctx: RunContext): Promise<{ vaultId: string }>
  list(location: VaultLocation, filter: { app?: string; point?: string; part?: string }, ctx: RunContext): Promise<readonly StoredItem[]>
  /**
   * Stores what `produce` writes. The write end is held open by us and closed only after `produce` has resolved;
   * when it rejects the engine is ended before it sees the end of the stream, and nothing is stored.
   * @param fileName a bare name such as `main.dump`
   */
  storeStream<T>(
    location: VaultLocation,
    tags: ItemTags,
    fileName: string,
    produce: (sink: DumpSink) => Promise<T>,
    ctx: RunContext,
  ): Promise<{ stored: StoredSummary; produced: T }>
  storeTree(location: VaultLocation, tags: ItemTags, source: TreeSource, ctx: RunContext): Promise<StoredSummary>
  /** A small document of ours (manifest, ledger entry) as one item. */
  storeDocument(location: VaultLocation, tags: ItemTags, fileName: string, content: string, ctx: RunContext): Promise<StoredSummary>
  /** The same, and what the vault itself (never a cache) then gives back, for the caller to compare. */
  storeDocumentAndReadBack(location: VaultLocation, tags: ItemTags, fileName: string, content: string, ctx: RunContext): Promise<string>
  readDocument(location: VaultLocation, item: StoredItem, fileName: string, ctx: RunContext): Promise<string>
  /** Resolves only if every byte was delivered and the engine exited 0; `consume` must not take effect before that. */
  readStream<T>(
    location: VaultLocation,
    item: StoredItem,
    fileName: string,
    consume: (source: DumpSource) => Promise<T>,
    ctx: RunContext,
  ): Promise<T>
  /** As `readStream`, with the bytes passing through us to be counted and hashed (`sha256:<hex>`); for verification, where that is the point. */
  readStreamHashed<T>(
    location: VaultLocation,
    item: StoredItem,
    fileName: string,
    consume: (source: DumpSource) => Promise<T>,
    ctx: RunContext,
  ): Promise<{ value: T; sizeBytes: number; sha256: string }>
  /** Restores a tree into an empty directory of ours: numeric owners, modes, links, times, xattrs, sparse files. */
  restoreTree(
    location: VaultLocation,
    item: StoredItem,
    target: string,
    options: { include?: readonly string[] },
    ctx: RunContext,
  ): Promise<void>
  /** Reads every byte of a tree and throws it away; proves content addresses. Returns what was read. */
  readTree(location: VaultLocation, item: StoredItem, ctx: RunContext): Promise<{ sizeBytes: number; files: number }>
  entries(location: VaultLocation, item: StoredItem, ctx: RunContext): AsyncIterable<ListedEntry>
  /** Removes items and frees space; confirmed by listing again (VAULT_DELETE_REFUSED names what is still there). */
  remove(location: VaultLocation, items: readonly StoredItem[], options: { freeSpace: boolean }, ctx: RunContext): Promise<void>
  /** Copies items to another vault, deduplicating; tree ids stay the same. */
  copy(from: VaultLocation, to: VaultLocation, items: readonly StoredItem[], ctx: RunContext): Promise<void>
  /** Removes locks of processes that are dead; live ones stay. */
  unlockDead(location: VaultLocation, ctx: RunContext): Promise<void>
  /** Size of what is stored, in bytes. */
  storedBytes(location: VaultLocation, ctx: RunContext): Promise<number>
  toolVersion(ctx: RunContext): Promise<string>
}
