/** A directory of its own for each version, and a link that leads to the one that runs. */
import type { App } from "../../app/app.ts"
import { HoldfastError } from "../../base/errors.ts"
import { buildDirectory, commitIn } from "./build-directory.ts"
import { liveData, runCommandOf } from "./plain-commands.ts"
import { directoryOf, installOf, linkedDirectory, linkEdits, planLink, requireSameDirectory } from "./plain-install.ts"
import type { Placing } from "./placing.ts"
import type { UpdateTools } from "../ports.ts"

/** Throws UPDATES_NOT_SET_UP. */
export function linkPlacing(tools: UpdateTools, app: App): Placing {
  const install = installOf(app)
  if (install === null) {
    throw new HoldfastError("UPDATES_NOT_SET_UP", {
      what: `${app.name} cannot be updated`,
      why: "it is no compose project, and the settings do not say how a version of it is put in place",
      hint: "Set `compose` for the app, or `updates.install` with the link that it is started through.",
    })
  }
  const texts = async (): Promise<ReadonlyMap<string, string>> => new Map([[install.link, (await linkedDirectory(install)).text]])
  return {
    texts,
    requireSame: async (planned) => {
      const now = (await texts()).get(install.link)
      if (now === planned.get(install.link)) return
      throw new HoldfastError("PLAN_STALE", {
        what: `${install.link} was led to ${now} meanwhile`,
        why: "the update was planned for where it led before",
      })
    },
    pins: async (release) => await linkEdits(install, release),
    bring: async (release, ctx) => {
      const directory = directoryOf(release)
      if (commitIn(directory.digest) === null) return await requireSameDirectory(directory)
      await buildDirectory(tools, app, install.build, release, ctx)
    },
    link: async (release, ctx) => await planLink(install, release, ctx.operationId),
    jobs: async () => await Promise.resolve([]),
    dependencies: async () => await Promise.resolve([]),
    withDependencies: async () => await Promise.resolve(false),
    stage: async () => await Promise.resolve(),
    migrate: async (release, timeoutMs, ctx) =>
      release.migrate === null
        ? null
        : await runCommandOf(tools.commands, release, release.migrate.argv, liveData(app), { timeoutMs }, ctx),
  }
}
