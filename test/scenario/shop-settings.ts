/** What an operator writes for the app with versions. Used outside of suites as well. */
import { join } from "node:path"
import { DATABASE_FILE, type AppProject } from "../fixture/versioned-app/project.ts"
import { PRODUCT, type Vendor } from "./vendor.ts"

export const APP = "shop"

/** What stands below `updates:`, besides source, address and key. */
export type UpdateSettings = Readonly<Record<string, string | boolean>>

/**
 * The content of `holdfast.yaml`, with absolute paths: it may lie anywhere.
 * @param more `healthInside`: the host does not reach the app, so it is asked inside its container
 */
export function shopSettings(
  directory: string,
  project: AppProject,
  vendor: Vendor,
  rules: UpdateSettings,
  more: { readonly healthInside?: boolean } = {},
): unknown {
  const at = (name: string): string => join(project.directory, name)
  const access = more.healthInside === true ? { access: "exec" } : {}
  const postgres = { service: "postgres", database: "shop", user: "shop", passwordFile: at("secrets/db_password"), ...access }
  const asked =
    more.healthInside === true ? { command: { service: "web", argv: ["node", "app.mjs", "health"] } } : { url: `${project.url}/api/health` }
  return {
    vaults: { local: { path: join(directory, "vault") } },
    apps: {
      [APP]: {
        compose: { files: [at("compose.yml"), at("compose.override.yml")], project: project.name },
        databases: { main: project.engine === "postgres" ? { postgres } : { sqlite: { volume: "data", path: DATABASE_FILE } } },
        files: { uploads: { volume: "uploads" } },
        secrets: [at("secrets"), at(".env")],
        health: { ...asked, expect: { status: "ok" }, version: "version", timeout: "1m" },
        updates: {
          source: "manifest",
          url: vendor.site.url,
          channel: "stable",
          product: PRODUCT,
          key: vendor.publicKey,
          keyDigest: vendor.fingerprint,
          repositories: [vendor.images.repository],
          ...rules,
        },
      },
    },
  }
}
