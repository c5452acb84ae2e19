import { z } from "zod"
import { standstillFromJson, standstillToJson, type Standstill } from "../app/standstill.ts"
import type { Json } from "../base/canonical-json.ts"
import type { StepRecord } from "../operation/ports.ts"
import type { CheckoutMove } from "../release/checkout-ports.ts"
import type { LinkSwap } from "../restore/link-swap.ts"
import { replacementsFromJson, replacementsToJson, type Replacement } from "../restore/replacement.ts"

/** Everything that going on or going back needs; journaled before anything is changed, and kept for the time of the rollback. */
export interface Prepared {
  readonly from: string | null
  readonly to: string
  /** The point that was taken while the app still ran. */
  readonly hotPoint: string
  /** Databases, edited files, names of images, file trees. Of a tree, what is kept is the note of its state, not a copy. */
  readonly replacements: readonly Replacement[]
  /** Databases that no copy is made of: they come back from the safety point, which is then taken while everything stands still. */
  readonly coldDatabases: readonly string[]
  /** Of these, those that are emptied and filled again; the others are restored beside and swapped in. */
  readonly refilled: readonly string[]
  readonly standstill: Standstill
  /** Of an app without containers: the link that is led to the new version; null for others. */
  readonly link: LinkSwap | null
  /** Of an app that is built here: from which commit to which its checkout moves; null for others. */
  readonly checkout: CheckoutMove | null
  /** Services that are made anew. */
  readonly services: readonly string[]
  /** Of these, those that are run to their end before the others start. */
  readonly jobs: readonly string[]
  /** What they depend on: up before them, where compose does not see to that itself. */
  readonly dependencies: readonly string[]
  /** Compose brings services up together with what they depend on, which stays as it is. */
  readonly withDependencies: boolean
  readonly wellBefore: boolean
  readonly vault: string
  /** Id of the point that is made of the state before; sealed once the app is up again. */
  readonly safetyPoint: string
}

/** What the vault holds of the trees as they were when everything stood still: part → content. */
export type TreesBefore = Readonly<Record<string, string>>

const preparedSchema = z.object({
  from: z.string().nullable(),
  to: z.string(),
  hotPoint: z.string(),
  replacements: z.json(),
  coldDatabases: z.array(z.string()),
  refilled: z.array(z.string()).default([]),
  standstill: z.json(),
  // Journals of earlier versions know no link.
  link: z.object({ live: z.string(), staged: z.string(), from: z.string(), to: z.string() }).nullable().default(null),
  checkout: z.object({ root: z.string(), from: z.string(), to: z.string() }).nullable().default(null),
  services: z.array(z.string()),
  jobs: z.array(z.string()),
  dependencies: z.array(z.string()).default([]),
  withDependencies: z.boolean().default(false),
  wellBefore: z.boolean(),
  vault: z.string(),
  safetyPoint: z.string(),
})

export function preparedToJson(prepared: Prepared): Json {
  return {
    ...prepared,
    replacements: replacementsToJson(prepared.replacements),
    coldDatabases: [...prepared.coldDatabases],
    refilled: [...prepared.refilled],
    standstill: standstillToJson(prepared.standstill),
    link: prepared.link === null ? null : { ...prepared.link },
    checkout: prepared.checkout === null ? null : { ...prepared.checkout },
    services: [...prepared.services],
    jobs: [...prepared.jobs],
    dependencies: [...prepared.dependencies],
  }
}

/** Throws when a journal holds something else (a bug). */
export function preparedFromJson(json: Json): Prepared {
  const read = preparedSchema.parse(json)
  return { ...read, replacements: replacementsFromJson(read.replacements), standstill: standstillFromJson(read.standstill) }
}

/** What an operation has journaled; null when it did not come that far. */
export function preparedIn(steps: readonly StepRecord[]): Prepared | null {
  const step = steps.findLast((one) => one.name === "prepare")
  return step === undefined ? null : preparedFromJson(step.details)
}

const pinSchema = z.object({ trees: z.record(z.string(), z.string()) })

/** Journaled with the first change. */
export function treesBeforeIn(steps: readonly StepRecord[]): TreesBefore {
  const step = steps.findLast((one) => one.name === "pin")
  return step === undefined ? {} : pinSchema.parse(step.details).trees
}

const keptSchema = z.object({ prepared: z.json(), trees: z.record(z.string(), z.string()) })

export interface KeptUpdate {
  readonly prepared: Prepared
  readonly trees: TreesBefore
}

/** As it stands in the record of what is kept. */
export function keptUpdateToJson({ prepared, trees }: KeptUpdate): Json {
  return { prepared: preparedToJson(prepared), trees: { ...trees } }
}

export function keptUpdateFromJson(json: Json): KeptUpdate {
  const { prepared, trees } = keptSchema.parse(json)
  return { prepared: preparedFromJson(prepared), trees }
}

type Tree = Extract<Replacement, { kind: "tree" }>
type Database = Extract<Replacement, { kind: "database" }>

export function treesOf(replacements: readonly Replacement[]): readonly Tree[] {
  return replacements.filter((one) => one.kind === "tree")
}

export function databasesOf(replacements: readonly Replacement[]): readonly Database[] {
  return replacements.filter((one) => one.kind === "database")
}
