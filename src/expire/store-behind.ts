import { HoldfastError } from "../base/errors.ts"

/** Nothing is deleted while store and vault disagree about which points there are. Throws STORE_BEHIND or CHAIN_BROKEN. */
export function assertStoreKnowsVault(
  vault: string,
  sealed: ReadonlySet<string>,
  listed: readonly { readonly id: string }[],
  expired: readonly string[],
): void {
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
      what: `${gone.length} points are no longer in ${vault}, and Holdfast did not expire them`,
      why: some(gone),
    })
  }
}

function some(ids: readonly string[]): string {
  return ids.length > 5 ? `${ids.slice(0, 5).join(", ")} and ${ids.length - 5} more` : ids.join(", ")
}
