import { z } from "zod"
import { splitAddresses } from "./addresses.ts"
import { keepSchema } from "./schema-vault.ts"
import { cron, hasPasswordInside, path, secretReference, text, timezone } from "./value.ts"

const pattern = cron.describe("Five-field cron pattern, or `hourly`, `daily`, `weekly`, `monthly`.")
const zone = timezone.default("UTC").describe("Timezone that the pattern and the retention periods are read in.")
const vault = text.describe("Name of a vault.").meta({ examples: ["local"] })
const webAddress = z
  .string()
  .regex(/^(?:https?:\/\/.+|env:[A-Za-z_][A-Za-z0-9_]*)$/, { error: "is neither `http(s)://…` nor `env:NAME`" })
  .check((payload) => {
    if (hasPasswordInside(payload.value))
      payload.issues.push({ code: "custom", message: "a password must not be written into the address; use `env:NAME`", input: "" })
  })
  .meta({ examples: ["https://hc-ping.com/uuid"] })

const addressesText = z.string().check((payload) => {
  const wrong = splitAddresses(payload.value).filter((address) => !z.email().safeParse(address).success)
  const message = wrong.length === 0 ? null : `${wrong.map((one) => `"${one}"`).join(", ")} is not an email address`
  if (message !== null) payload.issues.push({ code: "custom", message, input: payload.value })
})

export const noticeSchema = z
  .strictObject({
    emails: z
      .union([z.array(z.email()), addressesText])
      .describe("Addresses: a list, or one text with `,`, `;`, spaces or lines between them.")
      .meta({ examples: [["ops@example.com"]] })
      .optional(),
    webhooks: z.array(webAddress).describe("Addresses that get a JSON POST.").optional(),
    ntfy: z
      .array(webAddress)
      .describe("ntfy topics.")
      .meta({ examples: [["https://ntfy.sh/acme-backups"]] })
      .optional(),
    ping: webAddress.describe("Dead-man switch: called after each success.").optional(),
    onSuccess: z
      .boolean()
      .default(false)
      .describe("Also tell of successes; failures are always told.")
      .meta({ examples: [false] }),
  })
  .meta({ examples: [{ emails: ["ops@example.com"], onSuccess: false }] })

export const scheduleSchema = z
  .strictObject({
    cron: pattern,
    timezone: zone,
    vault: vault.describe("Vault that the point is made in; default: the app's first.").optional(),
    copies: z
      .array(vault)
      .describe("Vaults that get a copy afterwards.")
      .meta({ examples: [["offsite"]] })
      .default([]),
    keep: keepSchema.describe("What is kept in `vault`. Default: last 3, daily 7, weekly 4, monthly 12.").optional(),
    only: z
      .array(text)
      .min(1)
      .describe("Parts of the point: kinds (`database`, `files`, `secrets`, `configuration`, `images`) or names; default: all.")
      .meta({ examples: [["database", "files:uploads"]] })
      .optional(),
    on: z
      .enum(["time", "change"])
      .default("time")
      .describe(
        "`change`: a point of secrets and configuration alone, only when they differ from the last one; `cron` says when it is looked. Kept for a year unless `keep` says otherwise.",
      )
      .meta({ examples: ["change"] }),
    cold: z
      .boolean()
      .default(false)
      .describe("Stop the app for the capture.")
      .meta({ examples: [false] }),
    enabled: z
      .boolean()
      .default(true)
      .describe("False: kept, but never due.")
      .meta({ examples: [true] }),
    notify: noticeSchema.describe("Who is told.").optional(),
  })
  .check((payload) => {
    const { on, only, cold } = payload.value
    const problem =
      on === "time"
        ? null
        : only !== undefined
          ? "`on: change` takes secrets and configuration; leave `only` out"
          : cold
            ? "`on: change` takes no data, so nothing has to stop; leave `cold` out"
            : null
    if (problem !== null) payload.issues.push({ code: "custom", message: problem, input: payload.value })
  })
  .meta({ examples: [{ cron: "0 3 * * *", timezone: "America/New_York", vault: "local" }] })

export const drillSchema = z
  .strictObject({
    cron: pattern,
    timezone: zone,
    level: z
      .enum(["restored", "booted"])
      .describe("How far the drill goes (design §6).")
      .meta({ examples: ["booted"] }),
    vault: vault.describe("Vault to restore from, with an empty cache; default: the schedule's own.").optional(),
    enabled: z
      .boolean()
      .default(true)
      .describe("False: kept, but never due.")
      .meta({ examples: [true] }),
    notify: noticeSchema.describe("Who is told.").optional(),
  })
  .meta({ examples: [{ cron: "0 4 1 * *", level: "booted" }] })

export const notifySchema = z.strictObject({
  email: z
    .strictObject({
      host: text.describe("SMTP server.").meta({ examples: ["smtp.example.com"] }),
      port: z
        .int()
        .min(1)
        .max(65_535)
        .default(587)
        .describe("Port of the SMTP server.")
        .meta({ examples: [587] }),
      security: z
        .enum(["starttls", "tls", "none"])
        .default("starttls")
        .describe("Encryption of the connection.")
        .meta({ examples: ["starttls"] }),
      caFile: path
        .describe("Authority (PEM) that the server's certificate is checked with, where it is not a public one.")
        .meta({ examples: ["./secrets/mail-ca.pem"] })
        .optional(),
      user: text
        .describe("Name to sign in with.")
        .meta({ examples: ["holdfast"] })
        .optional(),
      passwordFile: path
        .describe("File that holds the password.")
        .meta({ examples: ["./secrets/smtp_password"] })
        .optional(),
      password: secretReference.describe("Environment variable that holds the password.").optional(),
      from: z
        .email()
        .describe("Sender.")
        .meta({ examples: ["holdfast@example.com"] }),
    })
    .describe("How mail is sent.")
    .optional(),
  always: noticeSchema.describe("Who is told of failures of every app.").optional(),
  ntfyToken: secretReference.describe("Environment variable with the access token for ntfy.").optional(),
})
