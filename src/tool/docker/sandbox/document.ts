import { z } from "zod"
import { HoldfastError, messageOf } from "../../../base/errors.ts"

const declared = z.record(
  z.string(),
  z
    .looseObject({
      name: z.string().nullish(),
      external: z.boolean().nullish(),
      file: z.string().nullish(),
      environment: z.string().nullish(),
      content: z.string().nullish(),
    })
    .nullish(),
)

const mount = z.looseObject({
  type: z.string(),
  source: z.string().nullish(),
  target: z.string().nullish(),
  read_only: z.boolean().nullish(),
})

const attachment = z.looseObject({ aliases: z.array(z.string()).nullish() }).nullish()

export const sourceService = z.looseObject({
  image: z.string().nullish(),
  profiles: z.array(z.string()).nullish(),
  container_name: z.string().nullish(),
  network_mode: z.string().nullish(),
  networks: z.record(z.string(), attachment).nullish(),
  links: z.array(z.string()).nullish(),
  volumes: z.array(mount).nullish(),
  volumes_from: z.array(z.string()).nullish(),
  depends_on: z.record(z.string(), z.unknown()).nullish(),
  secrets: z.array(z.looseObject({ source: z.string() })).nullish(),
  configs: z.array(z.looseObject({ source: z.string() })).nullish(),
  privileged: z.boolean().nullish(),
  devices: z.array(z.unknown()).nullish(),
  device_cgroup_rules: z.array(z.string()).nullish(),
  gpus: z.unknown().optional(),
  cap_add: z.array(z.string()).nullish(),
  pid: z.string().nullish(),
  ipc: z.string().nullish(),
  uts: z.string().nullish(),
  cgroup: z.string().nullish(),
})

const documentSchema = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), sourceService),
  volumes: declared.nullish(),
  secrets: declared.nullish(),
  configs: declared.nullish(),
})

/** A secret or a config. */
export type DeclaredFile = z.infer<typeof declared>[string] | undefined
export type SourceDocument = z.infer<typeof documentSchema>
export type SourceService = z.infer<typeof sourceService>
export type SourceMount = z.infer<typeof mount>

/** The resolved compose document, as far as the sandbox reads it. Throws COMPOSE_INVALID. */
export function parseDocument(document: unknown): SourceDocument {
  try {
    return documentSchema.parse(document)
  } catch (cause) {
    throw new HoldfastError("COMPOSE_INVALID", {
      what: "the recorded compose configuration is not of a known shape",
      why: messageOf(cause),
      cause,
    })
  }
}

/** In a resolved document every `$` is doubled, because compose reads it again. */
export function unescapePath(text: string): string {
  return text.replaceAll("$$", "$")
}

export function escapePath(text: string): string {
  return text.replaceAll("$", "$$$$")
}
