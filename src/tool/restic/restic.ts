/** Vaults kept by the restic binary: its calls, its output parsed at the door, its failures in our words. */
import type { RunContext } from "../../base/run-context.ts"
import type { VaultBackend, VaultLocation } from "../../vault/ports.ts"
import type { Processes } from "../process/process.ts"
import { ask, run, type ResticTools } from "./call.ts"
import { copyItems, fromArguments, joined } from "./copy.ts"
import { listEntries } from "./entries.ts"
import { failureOf } from "./failure.ts"
import { likenessOf } from "./likeness.ts"
import { listItems } from "./list.ts"
import { configSchema, jsonLine } from "./messages.ts"
import { makeKeyQuick } from "./quick-key.ts"
import { readStream, readStreamHashed } from "./read-stream.ts"
import { readTree, restoreTree } from "./read-tree.ts"
import { removeItems } from "./remove.ts"
import { storedBytes } from "./size.ts"
import { readDocument, storeDocument, storeDocumentAndReadBack } from "./store-document.ts"
import { storeStream } from "./store-stream.ts"
import { storeTree } from "./store-tree.ts"
import { readVersion } from "./version.ts"

export interface ResticOptions {
  readonly processes: Processes
  /** Name or path of the binary, 0.17 or newer. */
  readonly binary: string
  /** A private directory of ours, on a real disk. */
  readonly scratchDirectory: string
  /** How long a call bears that a vault does not answer, in milliseconds; five minutes when left out. */
  readonly outagePatienceMs?: number
}

const OUTAGE_PATIENCE_MS = 300_000
/** Opening asks one small question; a vault that does not answer it in this time is not reachable. */
const OPEN_LIMIT_MS = 20_000
const INITIALISE_LIMIT_MS = 120_000

/** Builds the backend. Every method throws VAULT_TOOL_MISSING when restic is missing or older than 0.17. */
export function createRestic(options: ResticOptions): VaultBackend {
  let version: Promise<string> | null = null
  const toolVersion = async (ctx: RunContext): Promise<string> => {
    version ??= readVersion(options.processes, options.binary, ctx)
    try {
      return await version
    } catch (thrown) {
      version = null
      throw thrown
    }
  }
  const tools: ResticTools = { outagePatienceMs: OUTAGE_PATIENCE_MS, ...options, checked: async (ctx) => void (await toolVersion(ctx)) }
  return {
    toolVersion,
    initialise: async (location, ctx, copyParametersFrom) => await initialise(tools, location, ctx, copyParametersFrom),
    open: async (location, ctx) => await open(tools, location, ctx),
    likeness: async (location) => await likenessOf(location),
    list: async (location, filter, ctx) => await listItems(tools, location, filter, ctx),
    storeStream: async (location, tags, fileName, produce, ctx) => await storeStream(tools, location, tags, fileName, produce, ctx),
    storeTree: async (location, tags, source, ctx) => await storeTree(tools, location, tags, source, ctx),
    storeDocument: async (location, tags, fileName, content, ctx) => await storeDocument(tools, location, tags, fileName, content, ctx),
    storeDocumentAndReadBack: async (location, tags, fileName, content, ctx) =>
      await storeDocumentAndReadBack(tools, location, tags, fileName, content, ctx),
    readDocument: async (location, item, fileName, ctx) => await readDocument(tools, location, item, fileName, ctx),
    readStream: async (location, item, fileName, consume, ctx) => await readStream(tools, location, item, fileName, consume, ctx),
    readStreamHashed: async (location, item, fileName, consume, ctx) =>
      await readStreamHashed(tools, location, item, fileName, consume, ctx),
    restoreTree: async (location, item, target, include, ctx) => await restoreTree(tools, location, item, target, include, ctx),
    readTree: async (location, item, ctx) => await readTree(tools, location, item, ctx),
    entries: (location, item, ctx) => listEntries(tools, location, item, ctx),
    remove: async (location, items, how, ctx) => await removeItems(tools, location, items, how, ctx),
    copy: async (from, to, items, ctx) => await copyItems(tools, from, to, items, ctx),
    unlockDead: async (location, ctx) => await unlockDead(tools, location, ctx),
    storedBytes: async (location, ctx) => await storedBytes(tools, location, ctx),
  }
}

async function initialise(
  tools: ResticTools,
  location: VaultLocation,
  ctx: RunContext,
  copyParametersFrom: VaultLocation | undefined,
): Promise<{ vaultId: string }> {
  const attempt = { what: "cannot make the vault", otherwise: "VAULT_WRITE_FAILED" } as const
  const same = copyParametersFrom === undefined ? [] : ["--copy-chunker-params", ...fromArguments(copyParametersFrom)]
  const at = copyParametersFrom === undefined ? location : joined(copyParametersFrom, location)
  await ask(tools, at, ["init", ...same], attempt, ctx, INITIALISE_LIMIT_MS)
  const putBack = await makeKeyQuick(location)
  try {
    return await open(tools, location, ctx)
  } catch (thrown) {
    await putBack?.()
    throw thrown
  }
}

async function open(tools: ResticTools, location: VaultLocation, ctx: RunContext): Promise<{ vaultId: string }> {
  const attempt = { what: "cannot open the vault", otherwise: "VAULT_READ_FAILED" } as const
  const { stdout } = await ask(tools, location, ["cat", "config", "--no-lock"], attempt, ctx, OPEN_LIMIT_MS)
  const config = configSchema.safeParse(jsonLine(stdout))
  if (!config.success) throw failureOf({ exitCode: 0, signal: null, stderrTail: "its configuration has no id" }, location, attempt)
  return { vaultId: config.data.id }
}

/** restic's `unlock` leaves the locks of running processes alone. */
async function unlockDead(tools: ResticTools, location: VaultLocation, ctx: RunContext): Promise<void> {
  await run(tools, location, ["unlock"], { what: "cannot remove dead locks", otherwise: "VAULT_WRITE_FAILED" }, ctx)
}
