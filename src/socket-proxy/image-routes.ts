import { rebuildFilters } from "./filters.ts"
import { assertChangeable, assertPullable, assertUsable, IMAGE_PATH, readImageName } from "./image-name.ts"
import { projectImage, projectImages } from "./project-engine.ts"
import { Refusal, quoted } from "./refusal.ts"
import { PATTERN, type Route } from "./route.ts"
import { changing, list, only } from "./route-shapes.ts"

const { flag, filters } = PATTERN
const ofImage = (verb: string): RegExp => new RegExp(`^/images/(${IMAGE_PATH})${verb}$`)

export const imageRoutes: readonly Route[] = [
  {
    ...list("image", "/images/json", (call) => ({
      path: "/images/json",
      query: rebuildFilters(call.query["filters"]),
      answer: "json",
      project: projectImages,
    })),
    query: { all: flag, filters, digests: flag, "shared-size": flag },
  },
  {
    title: "image inspect",
    method: "GET",
    path: ofImage("/json"),
    switches: ["IMAGES"],
    query: {},
    body: "none",
    plan: ({ name }, policy) => {
      // Whoever knows an id knows the image; it is how a container's own image is looked up.
      if (readImageName(name).repository !== null) assertUsable(name, policy)
      return only({ path: `/images/${name}/json`, answer: "json", project: projectImage })
    },
  },
  {
    ...changing("image pull", /^\/images\/create$/, "IMAGES"),
    query: { fromImage: /^[\w.:@/-]{1,512}$/, tag: /^[\w.:@-]{0,200}$/, platform: /^[a-z0-9/]{0,40}$/ },
    body: "none",
    plan: ({ query }, policy) => {
      const { fromImage = "", tag = "", ...rest } = query
      const reference = tag === "" ? fromImage : `${fromImage}${tag.includes(":") ? "@" : ":"}${tag}`
      assertPullable(reference, policy)
      if (!/[@:][^/]*$/.test(reference)) throw new Refusal(`${quoted(reference)} would pull every tag`, 400)
      return only({ path: "/images/create", query: { fromImage, ...(tag === "" ? {} : { tag }), ...rest }, answer: "stream" })
    },
  },
  {
    ...changing("image tag", ofImage("/tag"), "IMAGES"),
    query: { repo: /^[\w.:/-]{1,512}$/, tag: /^[\w.-]{0,128}$/ },
    body: "none",
    plan: ({ name, query }, policy) => {
      assertUsable(name, policy)
      assertChangeable(query["repo"] ?? "", policy)
      return only({ path: `/images/${name}/tag`, query, answer: "json" })
    },
  },
  {
    ...changing("image remove", ofImage(""), "IMAGES"),
    method: "DELETE",
    query: { noprune: flag },
    body: "none",
    plan: ({ name, query }, policy) => {
      assertChangeable(name, policy)
      return only({ path: `/images/${name}`, query, answer: "json" })
    },
  },
]
