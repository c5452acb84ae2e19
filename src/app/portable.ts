import { z } from "zod"
import type { Json } from "../base/canonical-json.ts"
import { Secret } from "../base/secret.ts"
import type { App } from "./app.ts"
import { recipeSchema } from "./recipe.ts"

/**
 * An app as it stands in a manifest: its settings in force without passwords, so that an empty host can be rebuilt from the point
 * alone. Passwords come back with the secrets part, or from the database container's own environment.
 */
export function appToJson(app: App): Json {
  // Where updates come from is of the host, not of the data; it comes back with the settings file.
  const { updates: _updates, ...kept } = app
  return jsonOf(kept)
}

function jsonOf(value: unknown): Json {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string") return value
  if (value instanceof Secret || value === undefined) return null
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value !== "object") return null
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([key, member]) => [key, jsonOf(member)]))
}

const argv = z.tuple([z.string()], z.string())
const place = z.union([z.strictObject({ volume: z.string(), path: z.string() }), z.strictObject({ path: z.string() })])
const nullableNumber = z.number().nullable()

const databaseSchema = z.discriminatedUnion("engine", [
  z.object({
    engine: z.literal("postgres"),
    name: z.string(),
    service: z.string().nullable(),
    projectName: z.string().nullable(),
    host: z.string().nullable(),
    port: nullableNumber,
    database: z.string(),
    user: z.string(),
    password: z.null(),
    access: z.enum(["tcp", "helper", "exec"]).nullable(),
  }),
  z.object({ engine: z.literal("sqlite"), name: z.string(), place }),
  z.object({ engine: z.literal("command"), name: z.string(), dump: argv, restore: argv }),
])

const appSchema = z.object({
  name: z.string(),
  version: z.string().exactOptional(),
  recipe: recipeSchema.nullable(),
  compose: z
    .object({ files: z.array(z.string()), projectDirectory: z.string(), projectName: z.string(), profiles: z.array(z.string()) })
    .nullable(),
  run: z.object({ stop: argv, start: argv }).nullable(),
  databases: z.array(databaseSchema),
  files: z.array(
    z.object({
      name: z.string(),
      place,
      exclude: z.array(z.string()),
      defaultOwner: z.object({ uid: z.number(), gid: z.number() }).nullable(),
      mustBeMounted: z.boolean(),
    }),
  ),
  secrets: z.array(z.string()),
  configuration: z.array(z.string()),
  leaveOut: z.array(z.string()).exactOptional(),
  images: z.enum(["auto", "always", "never"]),
  health: z
    .object({
      url: z.string().nullable(),
      command: z.object({ service: z.string(), argv }).nullable(),
      expect: z.record(z.string(), z.array(z.string())),
      versionKey: z.string().nullable(),
      timeoutMs: z.number(),
    })
    .nullable(),
  checks: z.array(
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("http"), name: z.string(), url: z.string(), expectStatus: z.number() }),
      z.object({ kind: z.literal("tcp"), name: z.string(), host: z.string(), port: z.number() }),
      z.object({ kind: z.literal("ssh-host-key"), name: z.string(), host: z.string(), port: z.number(), keyFile: z.string() }),
      z.object({ kind: z.literal("sql"), name: z.string(), database: z.string(), query: z.string(), expect: z.string() }),
      z.object({ kind: z.literal("command"), name: z.string(), service: z.string().nullable(), argv }),
    ]),
  ),
  copiesWithout: z.array(z.string()).exactOptional(),
  hooks: z.object({ before: z.array(argv), after: z.array(argv) }),
  objectives: z.object({ exposureMs: nullableNumber, recoveryTimeMs: nullableNumber }),
  thresholds: z.object({ collapseRatio: z.number(), collapseFloor: z.number() }),
  vaults: z.array(z.string()),
})

/** Reads an app back from a manifest. Schedules and drills stay with the settings file. Throws a ZodError when it is not one. */
export function appFromJson(json: Json): App {
  return { ...appSchema.parse(json), schedules: {}, drills: {} }
}
