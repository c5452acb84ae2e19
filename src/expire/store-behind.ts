import { HoldfastError } from "../base/errors.ts"
import { counted } from "../base/units.ts"
import type { Store } from "../operation/ports.ts"
import type { OpenVault } from "../vault/vault.ts"

export interface Sides {
  /** Points whose manifest the vault holds. */
  readonly sealed: ReadonlySet<string>
  readonly listed: readonly { readonly id: string }[]
  readonly expired: readonly string[]
}

/** Nothing is deleted while store and vault disagree about which points there are. Throws STORE_BEHIND or CHAIN_BROKEN. */
export async function assertStoreKnowsVault(store: Store, { location, vaultId }: OpenVault, app: string, sides: Sides): Promise<void> {
  const { sealed, listed, expired } = sides
  const vault = location.name
  if ((await store.value(`synced:${vault}:${app}`)) !== vaultId) {
    throw new HoldfastError("STORE_BEHIND", {
      what: `the store has not read the proofs and pins of ${app} from ${vault} yet`,
      hint: "Run `holdfast points` to read the vault, then make the plan again.",
    })
  }
  const known = new Set([...listed.map((point) => point.id), ...expired])
  const unknown = [...sealed].filter((id) => !known.has(id))
  if (unknown.length > 0) {
    throw new HoldfastError("STORE_BEHIND", {
      what: `the store does not know ${unknown.length} of the points in ${vault}`,
      why: some(unknown),
      hint: "Run `holdfast points` to read the vault again, then make the plan again.",
    })
  }
  const gone = listed.map((point) => point.id).filter((id) => !sealed.has(id))
  if (gone.length > 0) {
    throw new HoldfastError("CHAIN_BROKEN", {
      what: `${counted(gone.length, "point is", "points are")} no longer in ${vault}, and Holdfast did not expire them`,
      why: some(gone),
    })
  }
}

function some(ids: readonly string[]): string {
  return ids.length > 5 ? `${ids.slice(0, 5).join(", ")} and ${ids.length - 5} more` : ids.join(", ")
}
