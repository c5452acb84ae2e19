import type { App } from "../app/app.ts"
import { coverageOf } from "./coverage.ts"
import { isNewer, type PosturePoint } from "./proven.ts"

/**
 * What the app has and no point holds because no setting names it, by the newest point that was asked: `volume chat_media`. What `leaveOut` names
 * since then is left out; of an app whose settings name more now than any point holds, nothing is said.
 */
export function unheldOf(app: App, points: readonly PosturePoint[], now: Date): readonly string[] {
  const unnamed = newestAsked(app, points, now)?.unnamed ?? []
  return unnamed.filter(({ name }) => app.leaveOut?.includes(name) !== true).map(({ what }) => what)
}

/** Points come oldest first in each vault; from the end, all but one of each vault are passed over by their age. */
function newestAsked(app: App, points: readonly PosturePoint[], now: Date): PosturePoint | null {
  let newest: PosturePoint | null = null
  for (const point of points.toReversed()) {
    if (!isAsked(point) || point.startedAt > now || (newest !== null && !isNewer(point, newest))) continue
    if (coverageOf(app, point).length === 0) newest = point
  }
  return newest
}

/** Points that are taken for something else, such as before an update, are not asked what they lack. */
function isAsked({ trigger }: PosturePoint): boolean {
  return trigger === "manual" || trigger === "schedule"
}
