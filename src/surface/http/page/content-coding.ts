/** A stored form of a file: the build leaves it beside with this ending. */
export interface Coding {
  readonly name: "br" | "gzip"
  readonly ending: ".br" | ".gz"
}

/** Best first. */
const CODINGS: readonly Coding[] = [
  { name: "br", ending: ".br" },
  { name: "gzip", ending: ".gz" },
]

/** What of `there` the other end takes, the best first where it likes them equally; null: the file as it is (RFC 9110 §12.5.3). */
export function chooseCoding(accepted: string | null, there: (coding: Coding) => boolean): Coding | null {
  const weights = weightsOf(accepted ?? "")
  const weightOf = (name: string): number => weights.get(name) ?? weights.get("*") ?? 0
  const [best] = CODINGS.filter((one) => weightOf(one.name) > 0 && there(one)).toSorted((a, b) => weightOf(b.name) - weightOf(a.name))
  // Who says nothing of `identity` takes it, but likes better what he names.
  return best === undefined || weightOf(best.name) < (weights.get("identity") ?? 0) ? null : best
}

function weightsOf(accepted: string): ReadonlyMap<string, number> {
  return new Map(
    accepted.split(",").flatMap((part) => {
      const [name = "", ...parameters] = part.split(";").map((word) => word.trim().toLowerCase())
      const weight = parameters.find((one) => one.startsWith("q="))
      return name === "" ? [] : [[name, weight === undefined ? 1 : Number(weight.slice(2)) || 0] as const]
    }),
  )
}
