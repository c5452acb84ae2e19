/** A directory with settings, vault and state of one benchmarked app, and the commands on it. */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Command } from "./measure.ts"

export const launcher = resolve(import.meta.dirname, "../../holdfast")

export interface Workplace {
  readonly directory: string
  readonly stateDirectory: string
  readonly vault: string
  /** `holdfast <words>` with this workplace's settings. */
  holdfast(...words: readonly string[]): Command
  /** As new: no vault, no state, no cache. */
  clear(): void
  vaultBytes(): number
}

/** `app` is the YAML of one app called `bench`, indented by four. */
export function createWorkplace(directory: string, app: string): Workplace {
  mkdirSync(directory, { recursive: true })
  const settings = join(directory, "holdfast.yaml")
  const vault = join(directory, "vault")
  const stateDirectory = join(directory, "state")
  writeFileSync(settings, stockSettings(vault, { bench: app }))
  return {
    directory,
    stateDirectory,
    vault,
    holdfast: (...words) => ({ argv: [launcher, "--config", settings, "--state-dir", stateDirectory, "--quiet", ...words] }),
    clear: () => {
      for (const each of [vault, stateDirectory]) rmSync(each, { recursive: true, force: true })
    },
    vaultBytes: () => treeBytes(vault),
  }
}

/** One local vault, and apps as YAML indented by four. */
export function stockSettings(vault: string, apps: Readonly<Record<string, string>>): string {
  const blocks = Object.entries(apps).map(([name, app]) => `  ${name}:\n${app}`)
  return `vaults:\n  local: { path: ${vault} }\napps:\n${blocks.join("")}`
}

export function treeBytes(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(directory, name)))
    .reduce((total, status) => total + (status.isFile() ? status.size : 0), 0)
}
