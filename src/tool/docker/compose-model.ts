import { z } from "zod"
import type { ComposeModel, ComposeService } from "../../app/ports.ts"
import { Secret } from "../../base/secret.ts"
import { sourceService } from "./sandbox/document.ts"
import { needsOfMachine } from "./sandbox/refusal.ts"

const scalar = z.union([z.string(), z.number(), z.boolean()])
const named = z.record(
  z.string(),
  z.object({ name: z.string().nullish(), external: z.boolean().nullish(), file: z.string().nullish() }).nullish(),
)

const serviceSchema = z.object({
  image: z.string().nullish(),
  build: z.unknown().optional(),
  profiles: z.array(z.string()).nullish(),
  environment: z.record(z.string(), scalar.nullable()).nullish(),
  volumes: z
    .array(z.object({ type: z.string(), source: z.string().nullish(), target: z.string().nullish(), read_only: z.boolean().nullish() }))
    .nullish(),
  tmpfs: z.union([z.string(), z.array(z.string())]).nullish(),
  secrets: z.array(z.object({ source: z.string() })).nullish(),
  depends_on: z.record(z.string(), z.unknown()).nullish(),
  ports: z.array(z.object({ host_ip: z.string().nullish(), published: scalar.nullish(), target: z.number() })).nullish(),
  healthcheck: z.object({ disable: z.boolean().nullish(), test: z.union([z.string(), z.array(z.string())]).nullish() }).nullish(),
  network_mode: z.string().nullish(),
  labels: z.record(z.string(), scalar).nullish(),
})

const documentSchema = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), serviceSchema).nullish(),
  volumes: named.nullish(),
  networks: named.nullish(),
  secrets: named.nullish(),
})

const sandboxSchema = z.object({ services: z.record(z.string(), sourceService).nullish() })

const envFilesSchema = z.object({
  services: z.record(z.string(), z.object({ env_file: z.array(z.object({ path: z.string() })).nullish() })).nullish(),
})

/** The resolved document as our types. Throws a ZodError when it is not of the known shape. */
export function composeModel(document: unknown, envFiles: Readonly<Record<string, readonly string[]>>): ComposeModel {
  const parsed = documentSchema.parse(document)
  const needs = needsOf(document)
  return {
    projectName: parsed.name,
    services: Object.entries(parsed.services ?? {}).map(([name, service]) => ({
      ...composeService(name, service, envFiles[name] ?? []),
      ...(needs[name] === undefined ? {} : { needsOfMachine: needs[name] }),
    })),
    volumes: realNames(parsed.volumes, parsed.name),
    networks: realNames(parsed.networks, parsed.name),
    secretFiles: Object.fromEntries(
      Object.entries(parsed.secrets ?? {}).flatMap(([name, secret]) => (secret?.file ? [[name, secret.file]] : [])),
    ),
    document: z.record(z.string(), z.unknown()).parse(document),
  }
}

/** Service → what of the machine it needs that no sandbox has. */
function needsOf(document: unknown): Readonly<Record<string, string>> {
  const services = Object.entries(sandboxSchema.safeParse(document).data?.services ?? {})
  const names = new Set(services.map(([name]) => name))
  return Object.fromEntries(
    services.flatMap(([name, service]) => {
      const needs = needsOfMachine(service, names)
      return needs === null ? [] : [[name, needs]]
    }),
  )
}

/** Service → env files, from the document before interpolation: afterwards compose has merged them and forgotten where from. */
export function envFilesOf(document: unknown): Record<string, readonly string[]> {
  const services = Object.entries(envFilesSchema.parse(document).services ?? {})
  return Object.fromEntries(services.map(([name, { env_file: files }]) => [name, (files ?? []).map(({ path }) => path)]))
}

function realNames(declared: z.infer<typeof named> | null | undefined, projectName: string): ComposeModel["volumes"] {
  return Object.fromEntries(
    Object.entries(declared ?? {}).map(([name, item]) => [
      name,
      { name: item?.name ?? `${projectName}_${name}`, external: item?.external ?? false },
    ]),
  )
}

function composeService(name: string, service: z.infer<typeof serviceSchema>, envFiles: readonly string[]): ComposeService {
  return {
    name,
    image: service.image ?? null,
    builds: service.build !== undefined && service.build !== null,
    profiles: service.profiles ?? [],
    environment: environmentOf(service.environment ?? {}),
    envFiles,
    mounts: mountsOf(service),
    secrets: (service.secrets ?? []).map(({ source }) => source),
    dependsOn: Object.keys(service.depends_on ?? {}),
    publishedPorts: (service.ports ?? []).flatMap(({ host_ip: host, published, target }) =>
      published === undefined || published === null ? [] : [{ host: host ?? "0.0.0.0", published: String(published), target }],
    ),
    hasHealthCheck: hasHealthCheck(service.healthcheck),
    networkMode: service.network_mode ?? null,
    labels: Object.fromEntries(Object.entries(service.labels ?? {}).map(([key, value]) => [key, unescape(String(value))])),
  }
}

function environmentOf(values: Readonly<Record<string, string | number | boolean | null>>): Record<string, Secret> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, new Secret(unescape(String(value)))]])),
  )
}

function mountsOf(service: z.infer<typeof serviceSchema>): ComposeService["mounts"] {
  const tmpfs = typeof service.tmpfs === "string" ? [service.tmpfs] : (service.tmpfs ?? [])
  return [
    ...(service.volumes ?? []).map((mount) => ({
      kind: mount.type,
      source: mount.source ?? "",
      target: mount.target ?? "",
      readOnly: mount.read_only ?? false,
    })),
    ...tmpfs.map((entry) => ({ kind: "tmpfs", source: "", target: entry.split(":")[0] ?? entry, readOnly: false })),
  ]
}

function hasHealthCheck(check: z.infer<typeof serviceSchema>["healthcheck"]): boolean {
  if (!check || check.disable === true) return false
  const first = typeof check.test === "string" ? check.test : check.test?.[0]
  return first !== undefined && first !== "NONE"
}

/** `docker compose config` doubles every `$`, because its output is meant to be read by compose again. */
function unescape(text: string): string {
  return text.replaceAll("$$", "$")
}
