import { createVolumeSchema } from "./body/create-rest.ts"
import { rebuildFilters } from "./filters.ts"
import { oursOf } from "./plan-of-one.ts"
import { projectVolume, projectVolumes } from "./project-place.ts"
import { asJson, askKey, PATTERN, readBody, type Ask, type Forward, type Route } from "./route.ts"
import { changing, list, one, only } from "./route-shapes.ts"
import { ownLabels } from "./scope.ts"

/** The app's own volumes can be looked at whatever `VOLUMES` says: Compose asks for them before each start. */
export const volumeRoutes: readonly Route[] = [
  {
    ...list("volume", "/volumes", (call) => ({
      path: "/volumes",
      query: rebuildFilters(call.query["filters"]),
      answer: "json",
      project: projectVolumes,
    })),
    switches: [],
  },
  { ...one("GET", "volume", {}, (_, __, name) => ({ path: `/volumes/${name}`, answer: "json", project: projectVolume })), switches: [] },
  one("DELETE", "volume", { force: PATTERN.flag }, (call, _, name) => ({ path: `/volumes/${name}`, query: call.query, answer: "json" })),
  {
    ...changing("volume create", /^\/volumes\/create$/, "VOLUMES"),
    plan: ({ body }, policy) => {
      const asked = readBody(createVolumeSchema, body)
      const forward: Forward = {
        path: "/volumes/create",
        body: asJson({ ...asked, Labels: ownLabels(asked.Labels, policy) }),
        answer: "json",
        project: projectVolume,
      }
      if (asked.Name === undefined) return only(forward)
      const ask: Ask = { kind: "volume", name: asked.Name }
      return {
        asks: [ask],
        // The engine answers with a volume that is there already, whoever made it.
        forward: (found) => {
          if ((found.get(askKey(ask)) ?? null) !== null) oursOf(ask, found, policy)
          return forward
        },
      }
    },
  },
]
