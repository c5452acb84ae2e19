/** How a known application's own updater is set up beside it, as data: what `holdfast adopt` puts into the compose file. */
import { z } from "zod"
import type { Json } from "../base/canonical-json.ts"

const argv = z.tuple([z.string()], z.string())
const json: z.ZodType<Json> = z.json()
const members = z.record(z.string(), json)

/**
 * Texts may hold `{server.container}` (the container's own name), `{server.environment.NAME}` (as the compose file writes it; the member is
 * left out where it does not), `{engine.socket}`; a list item `{server.networks}` stands for the networks that the server is in.
 */
export const managedUpdatesSchema = z.strictObject({
  /** Product, address and channel of the signed releases. */
  product: z.string(),
  url: z.string(),
  channel: z.string(),
  /** Where the vendor's public key is served, and the SHA-256 that it must have: of the file or of the key itself. */
  keyUrl: z.string(),
  keyDigest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  repositories: z.array(z.string()),
  /** False where the server's builds report an old version. */
  expectVersion: z.boolean(),
  /** The compose profile that the updater's services are in. */
  profile: z.string(),
  server: z.strictObject({
    service: z.string(),
    /** Name of its image in a release. */
    image: z.string(),
    /** User that it runs as: what only it reads may belong to this one. */
    uid: z.number().int(),
    environment: z.record(z.string(), z.string()),
    secrets: z.array(z.string()),
    networks: z.array(z.string()),
  }),
  updater: z.strictObject({ service: z.string(), image: z.string(), port: z.number().int(), uid: z.number().int(), definition: members }),
  proxy: z.strictObject({ service: z.string(), image: z.string(), definition: members }),
  /** Files that are made where they are missing or empty, never where they are filled. `mode` is for those that updater and server both read. */
  secrets: z.record(
    z.string(),
    z.strictObject({ file: z.string(), make: z.enum(["random-hex-32", "vendor-key", "nothing"]), mode: z.string().regex(/^0[0-7]{3}$/) }),
  ),
  /** Secrets of the app that the updater reads as well, where the compose file declares them; with them its environment is this. */
  sharedSecrets: z.record(z.string(), z.strictObject({ environment: z.record(z.string(), z.string()), mode: z.string() })),
  volumes: members,
  networks: members,
  /** Asked once the app runs on its new image: an HTTP answer (`curl -si`) with this status, or a JSON body with these members. */
  verify: z.array(
    z.strictObject({
      name: z.string(),
      service: z.string(),
      argv,
      status: z.number().int().optional(),
      body: z.record(z.string(), z.string()).optional(),
      hint: z.string(),
    }),
  ),
})

export type ManagedUpdates = z.infer<typeof managedUpdatesSchema>
