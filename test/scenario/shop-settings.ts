/** What an operator writes for the app with versions. Used outside of suites as well. */
import { join } from "node:path"
import { DATABASE_FILE, type AppProject } from "../fixture/versioned-app/project.ts"
import { PRODUCT, type Vendor } from "./vendor.ts"

export const APP = "shop"

/** What stands below `updates:`, besides source, address and key. */
export type UpdateSettings = Readonly<Record<string, string | boolean>>

/** No node, which takes its time to start: the gate asks often. */
const ASK_INSIDE = [
  "bash",
  "-c",
  String.raw`exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET /api/health HTTP/1.0\r\n\r\n' >&3; sed '1,/^\r$/d' <&3`,
]

/**
 * The content of `holdfast.yaml`, with absolute paths: it may lie anywhere.
 * @param more `healthInside`: the host does not reach the app, so it is asked inside its container; `checks`: of the app's own; `images`: which are saved
 */
export function shopSettings(
  directory: string,
  project: AppProject,
  vendor: Vendor,
  rules: UpdateSettings,
  more: { readonly healthInside?: boolean; readonly checks?: unknown; readonly images?: "never" } = {},
): unknown {
  const at = (name: string): string => join(project.directory, name)
  const access = more.healthInside === true ? { access: "exec" } : {}
  const postgres = { service: "postgres", database: "shop", user: "shop", passwordFile: at("secrets/db_password"), ...access }
  const asked = more.healthInside === true ? { command: { service: "web", argv: ASK_INSIDE } } : { url: `${project.url}/api/health` }
  return {
    vaults: { local: { path: join(directory, "vault") } },
    apps: {
      [APP]: {
        compose: { files: [at("compose.yml"), at("compose.override.yml")], project: project.name },
        databases: { main: project.engine === "postgres" ? { postgres } : { sqlite: { volume: "data", path: DATABASE_FILE } } },
        files: { uploads: { volume: "uploads" } },
        secrets: [at("secrets"), at(".env")],
        health: { ...asked, expect: { status: "ok" }, version: "version", timeout: "1m" },
        ...(more.checks === undefined ? {} : { checks: more.checks }),
        ...(more.images === undefined ? {} : { images: more.images }),
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
