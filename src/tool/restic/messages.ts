import { z } from "zod"
import type { ListedEntry, StoredItem } from "../../vault/ports.ts"
import { parseTags } from "./tags.ts"

/** What restic prints with `--json`, as far as we read it. Members we do not name are ignored: restic adds some with each version. */
const snapshotSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  tree: z.string().regex(/^[0-9a-f]{64}$/),
  time: z.string(),
  tags: z.array(z.string()).default([]),
})

export const statusSchema = z.object({
  message_type: z.literal("status"),
  bytes_done: z.number().optional(),
  total_bytes: z.number().optional(),
  files_done: z.number().optional(),
  total_files: z.number().optional(),
})

export const summarySchema = z.object({
  message_type: z.literal("summary"),
  snapshot_id: z.string().regex(/^[0-9a-f]{64}$/),
  total_bytes_processed: z.number(),
  total_files_processed: z.number(),
  data_added_packed: z.number().optional(),
  data_added: z.number(),
})

export const itemErrorSchema = z.object({
  message_type: z.literal("error"),
  error: z.object({ message: z.string() }),
  item: z.string().default(""),
})

export const exitErrorSchema = z.object({ message_type: z.literal("exit_error"), message: z.string() })

export const configSchema = z.object({ id: z.string().regex(/^[0-9a-f]{64}$/) })

const nodeSchema = z.object({
  struct_type: z.literal("node"),
  path: z.string(),
  type: z.enum(["file", "dir", "symlink", "fifo", "socket", "dev", "chardev"]),
  size: z.number().default(0),
  mode: z.number(),
  uid: z.number().default(0),
  gid: z.number().default(0),
  mtime: z.string(),
})

/** A line as JSON; null when it is not (restic mixes plain lines in). */
export function jsonLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

/** Items of ours in `snapshots --json`, oldest first; null when the output is not what restic prints. */
export function parseSnapshots(stdout: string): readonly StoredItem[] | null {
  const parsed = z.array(snapshotSchema).safeParse(jsonLine(stdout))
  if (!parsed.success) return null
  return parsed.data
    .flatMap((snapshot) => {
      const tags = parseTags(snapshot.tags)
      return tags === null ? [] : [{ storageId: snapshot.id, treeId: snapshot.tree, tags, time: new Date(snapshot.time) }]
    })
    .toSorted((left, right) => left.time.getTime() - right.time.getTime())
}

/** The tree and the time in `cat snapshot`. */
export function parseSnapshot(stdout: string): { treeId: string; time: Date } | null {
  const parsed = snapshotSchema.omit({ id: true }).safeParse(jsonLine(stdout))
  return parsed.success ? { treeId: parsed.data.tree, time: new Date(parsed.data.time) } : null
}

/** One line of `ls --json`; null for lines that are no entry. */
export function parseEntry(line: string): ListedEntry | null {
  const parsed = nodeSchema.safeParse(jsonLine(line))
  if (!parsed.success) return null
  const { path, type, size, mode, uid, gid, mtime } = parsed.data
  return { path, kind: type, sizeBytes: size, mode: unixMode(mode), uid, gid, modifiedAt: new Date(mtime) }
}

/** restic prints modes as Go does: set-id and sticky bits are elsewhere. */
function unixMode(mode: number): number {
  const bit = (position: number): boolean => Math.floor(mode / 2 ** position) % 2 === 1
  return (mode & 0o777) + (bit(23) ? 0o4000 : 0) + (bit(22) ? 0o2000 : 0) + (bit(20) ? 0o1000 : 0)
}
