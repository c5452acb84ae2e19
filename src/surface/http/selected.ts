import type { Selection } from "../house/subject.ts"
import type { RawCall } from "./route/route.ts"

/** What a request is about: the app and the point of its path, the vault that it names. */
export function selected({ param }: Pick<RawCall, "param">, vault: string | null | undefined): Selection {
  const point = param("point")
  return { app: param("app"), vault: vault ?? null, point: point === "" ? null : point }
}
