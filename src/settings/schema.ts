/** The one schema of `holdfast.yaml`; the published JSON Schema and every message about a wrong value come from it (design §4). */
import { z } from "zod"
import { appSchema } from "./schema-app.ts"
import { notifySchema } from "./schema-schedule.ts"
import { vaultSchema } from "./schema-vault.ts"
import { name, path, text } from "./value.ts"

const panelSchema = z.strictObject({
  listen: text
    .default("127.0.0.1:8420")
    .describe("Address and port of the panel.")
    .meta({ examples: ["127.0.0.1:8420"] }),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .describe("Address that people use.")
    .meta({ examples: ["https://holdfast.example.com"] })
    .optional(),
  tls: z
    .strictObject({ certificate: path.describe("Certificate chain (PEM)."), key: path.describe("Its private key (PEM).") })
    .describe("Serve TLS without a proxy.")
    .optional(),
  trustedProxies: z
    .array(text)
    .default([])
    .describe("Addresses or networks of proxies whose headers are believed.")
    .meta({ examples: [["10.0.0.0/8"]] }),
})

export const settingsSchema = z
  .strictObject({
    stateDirectory: path
      .describe("Where Holdfast keeps its store, keys and caches.")
      .meta({ examples: ["/var/lib/holdfast"] })
      .optional(),
    vaults: z.record(name, vaultSchema).describe("Where points are kept, by a name of your choice; the first is the default."),
    apps: z.record(name, appSchema).describe("The apps that are protected, by a name of your choice."),
    notify: notifySchema.describe("How messages are sent.").optional(),
    panel: panelSchema.describe("The panel.").optional(),
  })
  .describe("Settings of Holdfast.")
  .meta({ examples: [{ vaults: { local: { path: "/var/backups/holdfast" } }, apps: {} }] })

export type SettingsData = z.output<typeof settingsSchema>
export type AppSettings = SettingsData["apps"][string]
export type VaultSettings = SettingsData["vaults"][string]
export type DatabaseSettings = NonNullable<AppSettings["databases"]>[string]
export type FilesSettings = NonNullable<AppSettings["files"]>[string]
