import { basename } from "node:path"
import type { App, UpdateRules } from "../app/app.ts"
import type { ComposeModel, ServiceState } from "../app/ports.ts"
import type { BackupTools } from "../backup/ports.ts"
import { reportedVersion } from "../backup/reported-version.ts"
import { imageTemplate } from "../app/compose/image-text.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import { versionOfTag } from "../release/tag-selection.ts"
import { parseVersion, type Version } from "../release/version.ts"
import { installOf, linkedDirectory } from "./place/plain-install.ts"

/** What runs now, looked at once. */
export interface RunningApp {
  readonly model: ComposeModel
  readonly states: readonly ServiceState[]
  /** The version that the program says of itself; null when it does not answer or does not say. */
  readonly reported: string | null
  /** Of an app without containers: the name of the directory that its link leads to; left out for others. */
  readonly directory?: string
}

const NO_SERVICES: ComposeModel = { projectName: "", services: [], volumes: {}, networks: {}, secretFiles: {}, document: {} }

export const VERSION_LABEL = "org.opencontainers.image.version"

/** Throws UPDATES_NOT_SET_UP for an app that is neither a compose project nor started through a link, and what asking the engine throws. */
export async function lookAtRunning(tools: Pick<BackupTools, "containers" | "prober">, app: App, ctx: RunContext): Promise<RunningApp> {
  const { compose } = app
  const install = installOf(app)
  if (install !== null) {
    const directory = basename((await linkedDirectory(install)).path)
    return { model: NO_SERVICES, states: [], reported: await reportedVersion(tools, app, [], ctx), directory }
  }
  if (compose === null) {
    throw new HoldfastError("UPDATES_NOT_SET_UP", {
      what: `${app.name} cannot be updated`,
      why: "it is no compose project",
      hint: "Updates exchange images of compose services, or a link that the program is started through; set `compose` or `updates.install` for the app.",
    })
  }
  const [model, states] = await Promise.all([tools.containers.compose(compose, ctx), tools.containers.services(compose.projectName, ctx)])
  return { model, states, reported: await reportedVersion(tools, app, states, ctx) }
}

/**
 * The version that the services of an update run, null when nothing tells. In this order: what the settings say; what the program says of
 * itself, unless its builds are known to say an old one; the tag that its image was started by; the image's label; at last what the
 * program says after all. What is no version is passed over: a label may be one of the base image.
 */
export function runningVersion(
  app: App,
  rules: Pick<UpdateRules, "expectVersion">,
  running: RunningApp,
  services: readonly string[],
): string | null {
  const own = running.states.filter((state) => services.includes(state.service))
  const told = [
    app.version ?? null,
    rules.expectVersion ? running.reported : null,
    ...own.map((state) => imageTemplate(state.imageReference).tag),
    running.directory === undefined ? null : (versionOfTag(running.directory, app.updates?.tagPattern ?? null)?.text ?? null),
    ...own.map((state) => state.labels[VERSION_LABEL] ?? null),
    running.reported,
  ]
  for (const text of told) {
    const version = text === null ? null : parseVersion(text)
    // A tag such as `17` or `1.4` names many versions; which one runs is then told by something else, if by anything.
    if (version !== null && version.numbers.length === 3) return plainVersion(version)
  }
  return null
}

/** `v1.4.0-alpine` is version 1.4.0: without what only tags have. */
export function plainVersion({ numbers, prerelease }: Version): string {
  return `${numbers.join(".")}${prerelease === "" ? "" : `-${prerelease}`}`
}
