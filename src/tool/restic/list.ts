import type { RunContext } from "../../base/run-context.ts"
import type { StoredItem, VaultLocation } from "../../vault/ports.ts"
import { run, type ResticTools } from "./call.ts"
import { failureOf } from "./failure.ts"
import { parseSnapshots } from "./messages.ts"
import { filterArgument } from "./tags.ts"

/** Items of ours, oldest first. A listing takes no lock: it must answer while another run holds the vault. */
export async function listItems(
  tools: ResticTools,
  location: VaultLocation,
  filter: { app?: string; point?: string; part?: string },
  ctx: RunContext,
): Promise<readonly StoredItem[]> {
  const attempt = { what: "cannot list the vault", otherwise: "VAULT_READ_FAILED" } as const
  const { stdout } = await run(tools, location, ["snapshots", "--no-lock", filterArgument(filter)], attempt, ctx)
  const items = parseSnapshots(stdout)
  if (items === null)
    throw failureOf({ exitCode: 0, signal: null, stderrTail: "restic printed something else than a list" }, location, attempt)
  return items
}
