import type { PointPage } from "../../../../src/contract/api/points.ts"
import type { RestorePlanBody } from "../../../../src/contract/api/restore.ts"

/** What the person has chosen so far. */
export interface RestoreDraft {
  readonly parts: readonly string[]
  /** As `tableChoices` names them; empty: whole parts. */
  readonly tables: readonly string[]
  readonly vault: string
  readonly unproven: boolean
}

type Part = PointPage["parts"][number]

/** A table is chosen together with its database: two databases may have one of the same name. */
const BETWEEN = "\n"

export function draftOf({ parts, show }: Pick<PointPage, "parts" | "show">): RestoreDraft {
  return { parts: parts.filter((part) => part.byDefault).map((part) => part.part), tables: [], vault: show.vault, unproven: false }
}

/** Tables that can be restored alone, by database. */
export function tableChoices(parts: readonly Part[]) {
  return parts
    .filter((part) => part.tables.length > 0)
    .map((part) => ({ group: part.part, items: part.tables.map((table) => ({ value: `${part.part}${BETWEEN}${table}`, label: table })) }))
}

/** What is asked for: tables name their databases themselves, and nothing else goes with them. */
export function bodyOf(draft: RestoreDraft, parts: readonly Part[]): RestorePlanBody {
  const { vault, unproven } = draft
  if (draft.tables.length > 0) {
    const chosen = draft.tables.map((one) => one.split(BETWEEN))
    return { only: [...new Set(chosen.map(([part = ""]) => part))], tables: chosen.map(([, table = ""]) => table), vault, unproven }
  }
  const usual = parts.filter((part) => part.byDefault).map((part) => part.part)
  const isUsual = draft.parts.length === usual.length && usual.every((part) => draft.parts.includes(part))
  const withImages = draft.parts.some((part) => parts.some((one) => one.part === part && one.kind === "image"))
  return { only: isUsual ? null : [...draft.parts], vault, withImages, unproven }
}
