import type { Argv, ComposeProject, Place } from "../app.ts"

/** What `init` has found; everything here is shown to the operator. */
export interface Detection {
  readonly appName: string
  readonly project: ComposeProject
  /** The project name needs to be written down: it is not what compose would derive from the files alone. */
  readonly nameIsGiven: boolean
  readonly recipe: string | null
  readonly databases: readonly FoundDatabase[]
  readonly files: readonly FoundFiles[]
  /** Absolute. */
  readonly secrets: readonly string[]
  readonly health: FoundHealth | null
  readonly leftOut: readonly LeftOut[]
  /** Services that no sandbox can have; the app may be well without them, which the operator knows. */
  readonly uncopied: readonly LeftOut[]
  /** Engines that Holdfast does not know: data that is *not protected* until one of the two ways out is taken. */
  readonly notProtected: readonly LeftOut[]
  /** What could not be known; the operator has to look. */
  readonly unknown: readonly string[]
  /** Worth knowing: profiles, overrides, duplicate keys, services that do not run. */
  readonly notes: readonly string[]
}

export type FoundDatabase =
  | {
      readonly engine: "postgres"
      readonly name: string
      readonly service: string
      readonly database: string
      readonly user: string
      readonly why: string
    }
  | { readonly engine: "postgres-url"; readonly name: string; readonly variable: string; readonly why: string }
  | { readonly engine: "sqlite"; readonly name: string; readonly place: Place; readonly why: string }

export interface FoundFiles {
  readonly name: string
  readonly place: Place
  /** Real volume name; null for a path. */
  readonly realName: string | null
  readonly usedBy: readonly string[]
  readonly exclude: readonly string[]
}

export interface FoundHealth {
  readonly url: string | null
  readonly command: { readonly service: string; readonly argv: Argv } | null
  readonly why: string
}

export interface LeftOut {
  readonly what: string
  readonly why: string
}
