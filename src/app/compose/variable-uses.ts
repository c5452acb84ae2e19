/** Who depends on a variable of `.env`: images of services, which are moved together, and everything else, which stays as it is. */
import { resolve } from "node:path"
import { parseEnvFile } from "../env-file.ts"
import { variablesIn } from "../interpolate.ts"
import { type ComposeTexts, findImage, reachesElsewhere, servicesOf } from "./image-source.ts"

export interface VariableUses {
  /** Services whose image depends on it. */
  readonly images: ReadonlyMap<string, readonly string[]>
  /** Whether something depends on it that is no image, and no part of one of these services. */
  readonly isUsedBeside: (variable: string, services: readonly string[]) => boolean
}

/** @param envPath where the variables come from; a service that takes the whole file depends on each of them */
export function variableUses(texts: ComposeTexts, envPath: string, envText: string, projectDirectory: string): VariableUses {
  const services = [...new Set(texts.files.flatMap(servicesOf))]
  const images = new Map<string, string[]>()
  for (const service of services) {
    const found = findImage(texts, service)
    if (found.kind !== "image") continue
    for (const name of variablesIn(found.source.scalar.value)) images.set(name, [...(images.get(name) ?? []), service])
  }
  const values = texts.files.map(({ value }) => value)
  const inEnv = new Set([...parseEnvFile(envText, null).values.values()].flatMap(variablesIn))
  const unseen = reachesElsewhere(texts)
  const takesFile = services.filter((name) =>
    values.some((value) => envFilesOf(at(value, "services", name), projectDirectory).includes(envPath)),
  )
  return {
    images,
    isUsedBeside: (variable, moved) =>
      unseen ||
      inEnv.has(variable) ||
      takesFile.some((name) => !moved.includes(name)) ||
      values.some((value) => textsBeside(value, moved).some((text) => variablesIn(text).includes(variable))),
  }
}

/** Texts of a compose file but for images, for what belongs to the moved services, and for `x-` members, which count where they are merged in. */
function textsBeside(value: unknown, moved: readonly string[]): readonly string[] {
  return members(value).flatMap(([key, member]) => {
    if (key.startsWith("x-")) return []
    if (key !== "services") return allTexts(member)
    return members(member).flatMap(([name, service]) =>
      moved.includes(name) ? [] : members(service).flatMap(([part, content]) => (part === "image" ? [] : allTexts(content))),
    )
  })
}

function envFilesOf(service: unknown, projectDirectory: string): readonly string[] {
  const said = at(service, "env_file")
  return (Array.isArray(said) ? said : [said]).flatMap((entry: unknown) => {
    const path = typeof entry === "string" ? entry : at(entry, "path")
    return typeof path === "string" ? [resolve(projectDirectory, path)] : []
  })
}

function allTexts(value: unknown): readonly string[] {
  if (typeof value === "string") return [value]
  return members(value).flatMap(([key, member]) => [key, ...allTexts(member)])
}

function members(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === "object" && value !== null ? Object.entries(value) : []
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => members(node).find(([name]) => name === key)?.[1], value)
}
