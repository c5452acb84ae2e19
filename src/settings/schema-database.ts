import { z } from "zod"
import { argv, hasPasswordInside, path, port, secretReference, text } from "./value.ts"

const PASSWORD_HINT =
  "a password must not be written into the address; use `passwordFile`, `password: env:NAME`, or `url: env:DATABASE_URL`"

const postgresUrl = z
  .string()
  .regex(/^(?:env:[A-Za-z_][A-Za-z0-9_]*|postgres(?:ql)?:\/\/.+)$/, { error: "is neither `env:NAME` nor a `postgres://` address" })
  .check((payload) => {
    if (hasPasswordInside(payload.value)) payload.issues.push({ code: "custom", message: PASSWORD_HINT, input: "" })
  })
  .meta({ examples: ["env:DATABASE_URL"] })

const volume = text.describe("Volume as declared in the compose file.").meta({ examples: ["file_storage"] })
const inVolume = text
  .regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))/, { error: "is a relative path inside the volume, without `..`" })
  .describe("Path inside the volume.")
  .meta({ examples: ["superchat.db"] })

const postgres = z
  .strictObject({
    service: text
      .describe("Compose service that runs the server.")
      .meta({ examples: ["postgres"] })
      .optional(),
    host: text
      .describe("Address of a server outside the compose project.")
      .meta({ examples: ["127.0.0.1"] })
      .optional(),
    port: port.describe("Port of the server (default 5432).").optional(),
    database: text
      .describe("Database on the server.")
      .meta({ examples: ["chatalot"] })
      .optional(),
    user: text
      .describe("Role to connect as.")
      .meta({ examples: ["chatalot"] })
      .optional(),
    url: postgresUrl.describe("All of the above as one address; `__DB_PASSWORD__` in it is filled from `passwordFile`.").optional(),
    passwordFile: path
      .describe("File that holds the password.")
      .meta({ examples: ["./secrets/db_password"] })
      .optional(),
    password: secretReference.describe("Environment variable that holds the password.").optional(),
    access: z
      .enum(["tcp", "helper", "exec"])
      .describe("How to reach the server; chosen by Holdfast when left out.")
      .meta({ examples: ["tcp"] })
      .optional(),
  })
  .check((payload) => {
    const { service, host, url, password, passwordFile } = payload.value
    if (service === undefined && host === undefined && url === undefined)
      payload.issues.push({ code: "custom", message: "give one of `service`, `host` and `url`", input: payload.value })
    if (service !== undefined && host !== undefined)
      payload.issues.push({ code: "custom", message: "give `service` or `host`, not both", input: payload.value })
    if (password !== undefined && passwordFile !== undefined)
      payload.issues.push({ code: "custom", message: "give `password` or `passwordFile`, not both", input: payload.value })
  })
  .describe("A PostgreSQL database.")
  .meta({ examples: [{ service: "postgres", database: "chatalot", user: "chatalot" }] })

const sqlite = z
  .union([path, z.strictObject({ volume, path: inVolume })])
  .describe("A SQLite database: its file, or its place in a compose volume.")
  .meta({ examples: ["/var/lib/superchat/superchat.db", { volume: "superchat-data", path: "superchat.db" }] })

const command = z
  .strictObject({
    dump: argv.describe("Writes one consistent dump to standard output, exits 0 only if it is whole."),
    restore: argv.describe("Reads a dump from standard input."),
  })
  .describe("A database whose engine Holdfast does not know.")
  .meta({ examples: [{ dump: ["mysqldump", "--single-transaction", "shop"], restore: ["mysql", "shop"] }] })

export const databaseSchema = z
  .strictObject({
    postgres: postgres.optional(),
    sqlite: sqlite.optional(),
    command: command.optional(),
    url: postgresUrl.describe("Short for `postgres: { url }`.").optional(),
  })
  .check((payload) => {
    const given = Object.values(payload.value).filter((value) => value !== undefined).length
    if (given !== 1)
      payload.issues.push({
        code: "custom",
        message: "give exactly one of `postgres`, `sqlite`, `command` and `url`",
        input: payload.value,
      })
  })
  .meta({ examples: [{ postgres: { service: "postgres", database: "chatalot", user: "chatalot" } }] })

export const filesSchema = z
  .strictObject({
    volume: volume.optional(),
    path: path.describe("Folder relative to the settings file; with `volume`, a path inside the volume.").optional(),
    exclude: z
      .array(text)
      .describe("Patterns of what is left out, as restic reads them.")
      .meta({ examples: [["*.tmp-*"]] })
      .optional(),
    owner: z
      .string()
      .regex(/^\d+:\d+$/, { error: "is not `uid:gid`" })
      .describe("Owner applied at restore where the point recorded none.")
      .meta({ examples: ["1000:1000"] })
      .optional(),
    mustBeMounted: z
      .boolean()
      .describe("Refuse when this is not a mount point of its own (external disks).")
      .meta({ examples: [true] })
      .optional(),
  })
  .check((payload) => {
    if (payload.value.volume === undefined && payload.value.path === undefined)
      payload.issues.push({ code: "custom", message: "give `volume` or `path`", input: payload.value })
  })
  .meta({ examples: [{ volume: "file_storage" }] })
