import { z } from "zod"

/** An object of the engine's answer. */
export type Members = Readonly<Record<string, unknown>>

const membersSchema = z.record(z.string(), z.unknown())

/** The members of what should be an object; none of anything else. */
export function membersOf(value: unknown): Members {
  const read = membersSchema.safeParse(value)
  return read.success ? read.data : {}
}

/** Only these members, where they are there. What an engine of the future adds is not shown until somebody has looked at it. */
export function pick(value: unknown, names: readonly string[]): Members {
  const members = membersOf(value)
  return Object.fromEntries(names.filter((name) => name in members).map((name) => [name, members[name]]))
}

/** The items of what should be a list. */
export function itemsOf(value: unknown): readonly unknown[] {
  const read = z.array(z.unknown()).safeParse(value)
  return read.success ? read.data : []
}

/** The texts among the values of an object of labels. */
export function labelsIn(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(membersOf(value))
  return Object.fromEntries(entries.flatMap(([name, text]) => (typeof text === "string" ? [[name, text]] : [])))
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : ""
}
