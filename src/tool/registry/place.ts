import { HoldfastError } from "../../base/errors.ts"

/** Where a repository is asked for. */
export interface RepositoryPlace {
  /** As images name it. */
  readonly registry: string
  readonly repository: string
  readonly origin: string
}

/** What images without a registry's name mean. */
const HUB = "docker.io"
const HUB_ORIGIN = "https://registry-1.docker.io"

/** `chat/server`, `registry.example/chat/server`; without encryption only on this machine, as the engine does it. */
export function placeOf(name: string): RepositoryPlace {
  const [first = "", ...rest] = name.split("/")
  const named = rest.length > 0 && (/[.:]/.test(first) || first === "localhost")
  const registry = named ? first : HUB
  const path = named ? rest.join("/") : name
  if (!/^[a-z0-9._/-]+$/.test(path) || path.includes(".."))
    throw new HoldfastError("REGISTRY_FAILED", { what: `${name} is no repository of images` })
  if (registry === HUB) return { registry, repository: path.includes("/") ? path : `library/${path}`, origin: HUB_ORIGIN }
  const scheme = /^(localhost|127\.[0-9.]+)(:[0-9]+)?$/.test(registry) ? "http" : "https"
  return { registry, repository: path, origin: new URL(`${scheme}://${registry}`).origin }
}
