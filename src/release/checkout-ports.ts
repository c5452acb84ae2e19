/** What is asked of an operator's own checkout: where it stands, and to be moved. Implemented by `tool/git`. */
import type { GitRepositories, SourceCopy } from "./git-ports.ts"
import type { FetchContext } from "./ports.ts"

export interface Checkout {
  /** Absolute path of its top directory. */
  readonly root: string
  readonly head: string
  /** Null where HEAD is detached. */
  readonly branch: string | null
  /** Tracked files that are not as committed, below the root; what is untracked or ignored is the operator's and not looked at. */
  readonly changed: readonly string[]
  /** What somebody has begun in it and not finished: `merge`, `rebase`, `cherry-pick`, `bisect`. */
  readonly underWay: string | null
}

/** From which commit to which; journaled before anything is moved. */
export interface CheckoutMove {
  readonly root: string
  readonly from: string
  readonly to: string
}

/** Everything runs as the owner of the checkout; none of its hooks is run. Throws TOOL_FAILED with git's own words. */
export interface Checkouts {
  /** The checkout that this directory lies in; null where it lies in none. */
  look(directory: string, ctx: FetchContext): Promise<Checkout | null>
  /** Gives it what the move needs of our copy; nothing that can be seen changes, and no remote is needed for either direction afterwards. */
  receive(move: CheckoutMove, copy: SourceCopy, ctx: FetchContext): Promise<void>
  /** Files and links of the operator that lie where these paths, which are not tracked yet, would come to lie. */
  inTheWay(root: string, paths: readonly string[], ctx: FetchContext): Promise<readonly string[]>
  /**
   * Makes the files that are others in the two commits those of one of them, and HEAD with its branch that commit; every other file stays
   * as it is. Of an interrupted move nothing is left; repeating it is harmless. A file that is as neither commit has it was edited by
   * somebody since: it is copied beside first, and named.
   * @returns the copies, absolute
   */
  put(move: CheckoutMove, which: "from" | "to", copyEnding: string, ctx: FetchContext): Promise<readonly string[]>
}

export interface SourceTools {
  readonly repositories: GitRepositories
  readonly checkouts: Checkouts
}
