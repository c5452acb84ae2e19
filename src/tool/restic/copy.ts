import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { Secret } from "../../base/secret.ts"
import type { StoredItem, VaultLocation } from "../../vault/ports.ts"
import { run, type ResticTools } from "./call.ts"
import { listItems } from "./list.ts"

const IDS_PER_CALL = 500

/** Copies items; parts first and manifests in a later call, so that a broken copy is no point. Confirmed by listing the target. */
export async function copyItems(
  tools: ResticTools,
  from: VaultLocation,
  to: VaultLocation,
  items: readonly StoredItem[],
  ctx: RunContext,
): Promise<void> {
  for (const some of [items.filter((item) => !isManifest(item)), items.filter(isManifest)]) {
    for (let at = 0; at < some.length; at += IDS_PER_CALL) await copySome(tools, from, to, some.slice(at, at + IDS_PER_CALL), ctx)
  }
}

function isManifest(item: StoredItem): boolean {
  return item.tags.part === "manifest"
}

async function copySome(
  tools: ResticTools,
  from: VaultLocation,
  to: VaultLocation,
  items: readonly StoredItem[],
  ctx: RunContext,
): Promise<void> {
  const attempt = { what: `cannot copy from vault ${from.name}`, otherwise: "VAULT_WRITE_FAILED" } as const
  const ids = items.map((item) => item.storageId)
  await run(tools, joined(from, to), ["copy", ...fromArguments(from), ...ids], attempt, ctx, { stdout: { onLine: () => undefined } })
  const there = new Set((await listItems(tools, to, {}, ctx)).map(identity))
  const missing = items.filter((item) => !there.has(identity(item)))
  if (missing.length === 0) return
  throw new HoldfastError("VAULT_WRITE_FAILED", {
    what: `${missing.length} of ${items.length} items did not arrive in vault ${to.name}`,
    why: missing.map((item) => item.tags.part).join(", "),
  })
}

function identity(item: StoredItem): string {
  return JSON.stringify([item.treeId, item.tags.app, item.tags.point, item.tags.part])
}

export function fromArguments(from: VaultLocation): string[] {
  return [`--from-password-file=${from.keyFile}`]
}

/** One child speaks to both: their credentials and options must not contradict each other. */
export function joined(from: VaultLocation, to: VaultLocation): VaultLocation {
  const contradiction = Object.keys(from.environment).find((name) => {
    const other = to.environment[name]
    return other !== undefined && plain(other) !== plain(from.environment[name] ?? "")
  })
  if (contradiction !== undefined) {
    throw new HoldfastError("SETTINGS_INVALID", {
      what: `vaults ${from.name} and ${to.name} cannot be joined in one copy: both set ${contradiction}`,
    })
  }
  return {
    ...to,
    environment: { ...from.environment, ...to.environment, RESTIC_FROM_REPOSITORY: from.url },
    options: [...new Set([...from.options, ...to.options])],
  }
}

function plain(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value
}
