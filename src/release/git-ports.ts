/** What following a git repository asks of the outside: a copy of our own of what its vendor publishes. Implemented by `tool/git`. */
import type { FetchContext } from "./ports.ts"

export interface Commit {
  /** All 40 (or 64) digits. */
  readonly id: string
  /** First line of the message, without control characters, at most 200 characters. */
  readonly subject: string
  readonly author: string
  /** As the author's clock said; nobody vouches for it. */
  readonly authoredAt: Date
}

export interface SourceTag {
  readonly name: string
  /** What it leads to, whether it is annotated or not. */
  readonly commit: string
}

export interface CommitsBetween {
  /** How many there are; `newest` may hold fewer. */
  readonly count: number
  readonly newest: readonly Commit[]
}

/** A file of one commit that is another in the next, or is in one of them alone. */
export interface ChangedPath {
  readonly path: string
  readonly change: "added" | "removed" | "changed"
}

/** Git repositories that releases come from. */
export interface GitRepositories {
  /**
   * Brings our own copy of the branches and tags at `url` up to date; it is made when it is not there. No program of the repository is
   * run, nobody is asked for a password, no other protocol is followed than that of the address.
   * @param name of the copy, one per app: `[a-z0-9._-]+`
   * @param url `https://…`, `ssh://…`, `user@host:path`, `file:///…`; `http://` on this machine alone. One with a password in it is not repeated.
   * Throws RELEASE_SOURCE_REFUSED for an address that is none of these, RELEASE_SOURCE_UNREACHABLE with git's own words, TOOL_TIMEOUT.
   */
  fetch(name: string, url: string, ctx: FetchContext): Promise<SourceCopy>
  /** The copy as it was fetched last; null where there is none. The remote is not asked. */
  copy(name: string, ctx: FetchContext): Promise<SourceCopy | null>
}

/** What was fetched. Commits are named by their whole ids. Throws TOOL_FAILED for what git says. */
export interface SourceCopy {
  /** Directory of the copy: a bare repository of ours. */
  readonly directory: string
  /** The newest commit of a branch. Throws RELEASE_UNKNOWN. */
  tip(branch: string, ctx: FetchContext): Promise<Commit>
  commit(id: string, ctx: FetchContext): Promise<Commit>
  /** @param within only those that this commit has in its history */
  tags(ctx: FetchContext, within?: string): Promise<readonly SourceTag[]>
  /** Whether a branch or a tag leads to it. */
  has(commit: string, ctx: FetchContext): Promise<boolean>
  isAncestor(older: string, newer: string, ctx: FetchContext): Promise<boolean>
  /** What `newer` has that `older` has not, newest first. */
  between(older: string, newer: string, most: number, ctx: FetchContext): Promise<CommitsBetween>
  /** Null where the commit has no such file, or one that is a link or larger than 1 MiB. */
  fileAt(commit: string, path: string, ctx: FetchContext): Promise<string | null>
  /** What of a file is another, as a unified difference without lines around it; empty where nothing is. */
  difference(older: string, newer: string, path: string, ctx: FetchContext): Promise<string>
  changedPaths(older: string, newer: string, ctx: FetchContext): Promise<readonly ChangedPath[]>
  /** Why the files of the commit would not be what the repository holds: submodules, filters such as git-lfs. Empty: they are. */
  obstacles(commit: string, ctx: FetchContext): Promise<readonly string[]>
  /**
   * Writes the files of a commit into `directory`, which must be empty or not be there: no `.git`, no filter, no hook, directories 0755,
   * files 0644 or 0755. Throws SPACE_MISSING, RELEASE_INVALID for submodules and filters.
   */
  exportTo(commit: string, directory: string, ctx: FetchContext): Promise<void>
  /** Throws RELEASE_SIGNATURE_MISSING, RELEASE_SIGNATURE_INVALID unless a key of the file has signed it (ssh's allowed signers). */
  requireSigned(what: { readonly commit: string } | { readonly tag: string }, allowedSigners: string, ctx: FetchContext): Promise<void>
}
