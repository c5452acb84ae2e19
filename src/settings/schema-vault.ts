import { z } from "zod"
import { count, duration, hasPasswordInside, path, text } from "./value.ts"

const positive = z
  .int()
  .positive()
  .meta({ examples: [2048] })

/** What to keep; the union of all buckets is kept (design §8). */
export const keepSchema = z
  .strictObject({
    last: count.describe("This many of the newest points.").optional(),
    hourly: count.describe("The newest point of each of the last N hours that have points.").optional(),
    daily: count.describe("The newest point of each of the last N days that have points.").optional(),
    weekly: count.describe("The newest point of each of the last N ISO weeks that have points.").optional(),
    monthly: count.describe("The newest point of each of the last N months that have points.").optional(),
    yearly: count.describe("The newest point of each of the last N years that have points.").optional(),
    within: duration.describe("Every point younger than this.").optional(),
  })
  .check((payload) => {
    const kept = Object.values(payload.value).some((value) => value !== undefined && value !== 0)
    if (!kept) payload.issues.push({ code: "custom", message: "a policy that keeps nothing is refused", input: payload.value })
  })
  .meta({ examples: [{ last: 3, daily: 7, weekly: 4, monthly: 12 }] })

const vaultUrl = z
  .string()
  .regex(/^[a-z0-9]+:/, { error: "is not an address of a vault (`s3:…`, `rest:…`, `sftp:…`); use `path` for a folder" })
  .check((payload) => {
    if (!hasPasswordInside(payload.value)) return
    const message =
      "a password must not be written into the address; put it into the `credentials` file (for rest: RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD)"
    payload.issues.push({ code: "custom", message, input: "" })
  })
  .meta({ examples: ["s3:https://s3.example.com/acme"] })

export const vaultSchema = z
  .strictObject({
    path: path.describe("Folder on this machine, relative to the settings file. Exactly one of `path` and `url`.").optional(),
    url: vaultUrl.describe("Any address that restic takes: `s3:…`, `rest:…`, `sftp:…`, `b2:…`, `azure:…`, `gs:…`, `rclone:…`.").optional(),
    keyFile: path.describe("File with the vault's key, mode 0600; made at first use. Default: in the state directory.").optional(),
    credentials: path
      .describe("File of NAME=value lines with the credentials of the transport (AWS_ACCESS_KEY_ID, RESTIC_REST_PASSWORD, …).")
      .meta({ examples: ["./offsite.env"] })
      .optional(),
    expireCredentials: path
      .describe("Credentials that may delete, for expiring points of an append-only vault from elsewhere.")
      .meta({ examples: ["./offsite-admin.env"] })
      .optional(),
    appendOnly: z
      .boolean()
      .default(false)
      .describe("The vault refuses deletion with `credentials`.")
      .meta({ examples: [true] }),
    mustBeMounted: z
      .boolean()
      .default(false)
      .describe("The folder is on a disk of its own (an external one): the vault is used only while that disk is mounted.")
      .meta({ examples: [true] }),
    keep: keepSchema.describe("What this vault keeps, independent of other vaults. Default: what each schedule says.").optional(),
    storageClass: text
      .describe("S3 storage class of new objects.")
      .meta({ examples: ["STANDARD_IA"] })
      .optional(),
    options: z
      .record(z.string().regex(/^[a-z0-9]+\.[a-z0-9-]+$/), z.string())
      .describe("Further restic options by name, without `-o`.")
      .meta({ examples: [{ "sftp.args": "-p 2022 -i /root/.ssh/backup" }] })
      .optional(),
    limits: z
      .strictObject({
        uploadKibPerSecond: positive.describe("Most KiB sent in a second.").optional(),
        downloadKibPerSecond: positive.describe("Most KiB received in a second.").optional(),
        cpus: positive.describe("Most processors that compressing and encrypting use at once.").optional(),
      })
      .describe("Limits on network and processors.")
      .optional(),
  })
  .check((payload) => {
    if ((payload.value.path === undefined) === (payload.value.url === undefined))
      payload.issues.push({ code: "custom", message: "give exactly one of `path` and `url`", input: payload.value })
    if (payload.value.mustBeMounted && payload.value.path === undefined)
      payload.issues.push({ code: "custom", message: "`mustBeMounted` is for a vault with a `path`", input: payload.value })
  })
  .meta({ examples: [{ path: "/var/backups/holdfast" }] })
