/** What can be installed, wherever it was found: by a signed manifest, a registry's tag, or named by a person (design §10). Pure. */

/** One image of a release for one service of the app. */
export interface ReleaseImage {
  /** `registry.example/chat/server`, without tag and digest. */
  readonly repository: string
  /**
   * `sha256:…`; this, and nothing else, is what runs. `commit:…` for one that is built here: it has no digest before, and what runs is then
   * `repository:tag`, a name of ours; nothing pins it in a file.
   */
  readonly digest: string
  /** The tag that led to it, kept for people; null where none did. */
  readonly tag: string | null
}

/** A command of the new image that is run in a sandbox first, then for real: nothing but its exit code is trusted. */
export interface ReleaseCommand {
  /** Service whose new image, environment and mounts it runs with; empty for an app without containers. */
  readonly service: string
  readonly argv: readonly [string, ...string[]]
}

/** One version of an app without containers. */
export interface ReleaseDirectory {
  /** Absolute. */
  readonly path: string
  /**
   * `sha256:…` over names, sizes and times of what is in it: whether it is still what was looked at. `commit:…` for one that Holdfast builds
   * from the sources of that commit, and which may not be there yet.
   */
  readonly digest: string
}

/** A release that is built here from its sources; commits by their whole ids. */
export interface BuiltRelease {
  /** Top directory of the operator's checkout, which moves with it. */
  readonly root: string
  readonly from: string
  readonly to: string
}

export interface InstallableRelease {
  readonly version: string
  readonly foundIn: "manifest" | "registry" | "git" | "directories" | "given"
  /** Of an app without containers, where this version lies; left out for others. */
  readonly directory?: ReleaseDirectory
  /** Of an app that is built here, from what; left out for others. */
  readonly built?: BuiltRelease
  /** Service → image; these services move together or not at all. */
  readonly images: Readonly<Record<string, ReleaseImage>>
  readonly preFlight: ReleaseCommand | null
  readonly migrate: ReleaseCommand | null
  /** What the app reports as its schema's version afterwards; null where nobody says. */
  readonly schemaVersion: string | null
  readonly notes: string
  /** Of a signed manifest; null for other sources. */
  readonly signed: { readonly product: string; readonly channel: string; readonly sequence: number; readonly digest: string } | null
}

/** What looking for updates came to. */
export interface FoundReleases {
  /** The version that runs; null when nothing tells. */
  readonly running: string | null
  /** In the order in which they are applied, the newest last; empty: nothing newer. */
  readonly hops: readonly InstallableRelease[]
  readonly lookedAt: Date
  /** What a person should know: a newer tag that is too young to be trusted, an announced key. */
  readonly notices: readonly string[]
}
