import { z } from "zod"
import { databaseSchema, filesSchema } from "./schema-database.ts"
import { drillSchema, noticeSchema, scheduleSchema } from "./schema-schedule.ts"
import { updatesSchema } from "./schema-updates.ts"
import { argv, duration, name, path, port, text } from "./value.ts"

const composeFile = path
  .describe("A compose file; its override files are found as compose finds them.")
  .meta({ examples: ["/srv/chatalot/docker-compose.yml"] })

const compose = z
  .union([
    composeFile,
    z.array(composeFile).min(1),
    z.strictObject({
      files: z.union([composeFile, z.array(composeFile).min(1)]).describe("Compose files, in order."),
      project: text
        .describe("Project name, where it is not the one that compose would choose.")
        .meta({ examples: ["chatalot"] })
        .optional(),
      directory: path.describe("Project directory; default: the folder of the first file.").optional(),
      profiles: z
        .array(text)
        .describe("Profiles that are in use.")
        .meta({ examples: [["production"]] })
        .optional(),
    }),
  ])
  .describe("The app's compose project. A list means exactly these files, as with `-f`.")
  .meta({ examples: ["/srv/chatalot/docker-compose.yml"] })

const scalar = z.union([z.string(), z.number(), z.boolean()])

const health = z
  .strictObject({
    url: z
      .string()
      .regex(/^https?:\/\/\S+$/, { error: "is not an `http://` or `https://` address" })
      .describe("Address that answers with the app's state, probed from the host.")
      .meta({ examples: ["http://127.0.0.1:8080/api/health"] })
      .optional(),
    command: z
      .strictObject({
        service: text.describe("Service whose container runs it.").meta({ examples: ["chatalot"] }),
        argv: argv.describe("Prints the answer."),
      })
      .describe("Command run in a container, where no port is published on the host.")
      .meta({ examples: [{ service: "chatalot", argv: ["curl", "-sf", "http://127.0.0.1:8080/api/health"] }] })
      .optional(),
    expect: z
      .record(z.string(), z.union([scalar, z.array(scalar).min(1)]))
      .describe("Members of the JSON answer and the values that mean well.")
      .meta({ examples: [{ status: ["ok", "healthy"] }] })
      .optional(),
    version: text
      .describe("Member of the JSON answer that holds the version.")
      .meta({ examples: ["version"] })
      .optional(),
    timeout: duration
      .describe("How long one start may take until the app is well.")
      .meta({ examples: ["2m"] })
      .optional(),
  })
  .check((payload) => {
    if (payload.value.url !== undefined && payload.value.command !== undefined)
      payload.issues.push({ code: "custom", message: "give `url` or `command`, not both", input: payload.value })
  })

const checkSchema = z
  .strictObject({
    http: z
      .strictObject({
        url: z.url({ protocol: /^https?$/ }).describe("Address."),
        status: z.int().default(200).describe("Status that is expected."),
      })
      .describe("A page that answers.")
      .optional(),
    tcp: z
      .strictObject({ host: text.default("127.0.0.1").describe("Address."), port: port.describe("Port.") })
      .describe("A port that accepts connections.")
      .optional(),
    sshHostKey: z
      .strictObject({
        host: text.default("127.0.0.1").describe("Address."),
        port: port.describe("Port."),
        keyFile: path.describe("The host key file."),
      })
      .describe("The SSH host key that is offered is the one in the file.")
      .optional(),
    sql: z
      .strictObject({
        database: name.describe("One of `databases`."),
        query: text.describe("Gives one value."),
        expect: z.string().describe("The value."),
      })
      .describe("A query with a known answer.")
      .optional(),
    command: z
      .strictObject({
        service: text.describe("Service whose container runs it; default: this machine.").optional(),
        argv: argv.describe("Exits 0 when all is well."),
      })
      .describe("A command that exits 0.")
      .optional(),
  })
  .check((payload) => {
    if (Object.values(payload.value).filter((value) => value !== undefined).length !== 1)
      payload.issues.push({
        code: "custom",
        message: "give exactly one of `http`, `tcp`, `sshHostKey`, `sql` and `command`",
        input: payload.value,
      })
  })
  .meta({ examples: [{ tcp: { host: "127.0.0.1", port: 6465 } }] })

export const appSchema = z
  .strictObject({
    recipe: text
      .describe("A known application; supplies whatever is not said here.")
      .meta({ examples: ["chatalot"] })
      .optional(),
    compose: compose.optional(),
    run: z
      .strictObject({ stop: argv.describe("Stops the app."), start: argv.describe("Starts it.") })
      .describe("How an app that is not a compose project stops and starts.")
      .optional(),
    databases: z.record(name, databaseSchema).describe("The databases, by a name of your choice.").optional(),
    files: z.record(name, filesSchema).describe("File trees, by a name of your choice.").optional(),
    leaveOut: z
      .array(text)
      .min(1)
      .describe(
        "What no point holds on purpose, so that backups and `doctor` do not tell of it: volumes by their name in the compose file, directories by their path, databases as `service/database`.",
      )
      .meta({ examples: [["thumbnails", "./media", "db/stats"]] })
      .optional(),
    images: z
      .enum(["auto", "always", "never"])
      .default("auto")
      .describe("Save images: those that no registry serves, all, or none.")
      .meta({ examples: ["auto"] }),
    secrets: z
      .array(path)
      .describe(
        "Files and folders that hold secrets. Default: the recipe's, or `secrets/` and `.env` beside the compose file. Env files and files of secrets that the compose project reads are saved with them.",
      )
      .meta({ examples: [["./secrets", "./.env"]] })
      .optional(),
    configuration: z
      .array(path)
      .describe(
        "Further files that configure the app. Compose files with what they include, extend and read (`configs`, single files that are mounted) are always saved.",
      )
      .optional(),
    health: health
      .describe("How the app tells that it is well.")
      .meta({ examples: [{ url: "http://127.0.0.1:8080/health", expect: { status: "ok" } }] })
      .optional(),
    checks: z.record(name, checkSchema).describe("Further checks of the gate, by a name of your choice.").optional(),
    hooks: z
      .strictObject({
        before: z.array(argv).default([]).describe("Commands run before a capture."),
        after: z.array(argv).default([]).describe("Commands run after it, also when it failed."),
      })
      .describe("Commands around a capture; argv arrays, no shell.")
      .meta({ examples: [{ before: [["/usr/local/bin/quiesce"]] }] })
      .optional(),
    schedules: z.record(name, scheduleSchema).describe("When points are made.").optional(),
    drills: z.record(name, drillSchema).describe("When a point is really restored into a sandbox.").optional(),
    sandbox: z
      .strictObject({
        without: z
          .array(text)
          .min(1)
          .describe(
            "Services that it does without, because they need what no sandbox has: the host's network, devices, the engine's socket.",
          )
          .meta({ examples: [["traefik"]] }),
      })
      .describe("The copy of the app that drills boot and updates are rehearsed on.")
      .optional(),
    objectives: z
      .strictObject({
        exposure: duration.describe("The newest proven point must never be older than this.").optional(),
        recoveryTime: duration
          .describe("A restore must not take longer than this.")
          .meta({ examples: ["30m"] })
          .optional(),
      })
      .describe("What the measured values are held against.")
      .optional(),
    thresholds: z
      .strictObject({
        collapseRatio: z
          .number()
          .min(0)
          .max(1)
          .default(0.5)
          .describe("A part below this share of the last good point fails the point.")
          .meta({ examples: [0.5] }),
        collapseFloor: z
          .int()
          .nonnegative()
          .default(20)
          .describe("Sources with fewer rows or files than this are not judged.")
          .meta({ examples: [20] }),
      })
      .describe("When a source counts as collapsed.")
      .optional(),
    vaults: z
      .array(text)
      .min(1)
      .describe("Vaults of this app, the default one first. Default: all, in the order of the file.")
      .meta({ examples: [["local", "offsite"]] })
      .optional(),
    notify: noticeSchema.describe("Who is told of everything about this app, beside those that its schedules name.").optional(),
    updates: updatesSchema.describe("Where updates come from and when they may be applied.").optional(),
  })
  .meta({ examples: [{ recipe: "chatalot", compose: "/srv/chatalot/docker-compose.yml" }] })
