import { createReadStream } from "node:fs"
import { z } from "zod"
import { HoldfastError } from "../../../base/errors.ts"
import { filesPage, type FilesPage } from "../../../contract/api/points.ts"
import { partItem } from "../../../recovery-point/recovery-point.ts"
import type { ListedEntry } from "../../../vault/ports.ts"
import { openPoints } from "../../house/point-subject.ts"
import { chooseTree, isBelow } from "../../house/trees-of-point.ts"
import { attachment } from "../attachment.ts"
import { demandFresh } from "../guard/who.ts"
import { selected } from "../selected.ts"
import { none, route, streamRoute, type Call, type Route } from "./route.ts"

const MOST = 5000
const folder = z.object({ part: z.string().optional(), path: z.string().default(""), vault: z.string().optional() })
const file = z.object({ part: z.string(), path: z.string().min(1), vault: z.string().optional() })

export const fileRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/api/v1/apps/{app}/points/{point}/files",
    summary: "What lies directly in a folder of a point.",
    query: folder,
    body: none,
    answer: filesPage,
    handle: async (call) => await listed(call),
  }),
  streamRoute({
    method: "GET",
    path: "/api/v1/apps/{app}/points/{point}/download",
    summary: "One file of a point, as an attachment.",
    query: file,
    body: none,
    audit: "download",
    handle: async (call) => await download(call),
  }),
]

async function listed(call: Call<z.output<typeof folder>, unknown>): Promise<FilesPage> {
  const { ground, query } = call
  const { declared, vault, ctx, point: find } = await openPoints(ground.house, selected(call, query.vault))
  const point = await find(call.param("point"))
  const part = chooseTree(point.manifest.parts, query.part ?? null)
  const item = await partItem(vault, point, part.part, ctx)
  const path = bare(query.path)
  const found: ListedEntry[] = []
  let more = false
  for await (const entry of vault.backend.entries(vault.location, item, ctx)) {
    if (!isDirectlyIn(entry.path, path)) continue
    more = found.length >= MOST
    if (more) break
    found.push(entry)
  }
  const entries = found.toSorted(byKindThenName).map((entry) => ({ ...entry, modifiedAt: entry.modifiedAt.toISOString() }))
  return { format: "holdfast.files", version: 1, app: declared.name, id: point.manifest.id, part: part.part, path, entries, more }
}

function bare(path: string): string {
  return path.replaceAll(/^\/+|\/+$/g, "")
}

function isDirectlyIn(entry: string, folderPath: string): boolean {
  const name = bare(entry)
  if (name === "" || name === folderPath || !isBelow(name, folderPath)) return false
  const rest = folderPath === "" ? name : name.slice(folderPath.length + 1)
  return !rest.includes("/")
}

function byKindThenName(left: ListedEntry, right: ListedEntry): number {
  const folders = Number(right.kind === "dir") - Number(left.kind === "dir")
  return folders === 0 ? (left.path < right.path ? -1 : 1) : folders
}

async function download(call: Call<z.output<typeof file>, unknown>): Promise<Response> {
  const { ground, query, who, note, signal } = call
  const { vault, ctx, point: find } = await openPoints(ground.house, selected(call, query.vault))
  const point = await find(call.param("point"))
  const part = chooseTree(point.manifest.parts, query.part)
  const path = bare(query.path)
  note(point.manifest.id, { part: part.part, path })
  // Whoever takes the keys of an app takes the app.
  if (part.kind === "secrets") demandFresh(ground.accounts, who)
  const item = await partItem(vault, point, part.part, ctx)
  const entry = await entryAt(vault.backend.entries(vault.location, item, ctx), path)
  const own = { ...ctx, signal: AbortSignal.any([ctx.signal, signal]) }
  const body = await streamed(async (take) => {
    await vault.backend.readStream(vault.location, item, path, async (source) => await pour(source.path, take), own)
  })
  return attachment(path.split("/").at(-1) ?? "file", body, entry.sizeBytes)
}

async function entryAt(entries: AsyncIterable<ListedEntry>, path: string): Promise<ListedEntry> {
  for await (const entry of entries) {
    if (bare(entry.path) !== path) continue
    if (entry.kind === "file") return entry
    throw new HoldfastError("REQUEST_INVALID", {
      what: `${JSON.stringify(path)} is not a file`,
      hint: "Download single files; `holdfast restore --into` writes folders.",
    })
  }
  throw new HoldfastError("PART_UNKNOWN", { what: `the point holds no file ${JSON.stringify(path)}` })
}

type Take = (chunk: Uint8Array) => Promise<void>

async function pour(path: string, take: Take): Promise<void> {
  for await (const chunk of createReadStream(path)) if (chunk instanceof Uint8Array) await take(chunk)
}

/** A stream of what `produce` gives. What fails before the first byte is thrown; what fails later cuts the answer short, which its length tells. */
async function streamed(produce: (take: Take) => Promise<void>): Promise<ReadableStream<Uint8Array>> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const begun = Promise.withResolvers<void>()
  const produced = produce(async (chunk) => {
    begun.resolve()
    await writer.write(chunk)
  })
  const finish = async (): Promise<void> => {
    try {
      await produced
      begun.resolve()
      await writer.close()
    } catch (thrown) {
      begun.reject(thrown)
      await writer.abort(thrown).catch(() => undefined)
    }
  }
  void finish()
  await begun.promise
  return readable
}
