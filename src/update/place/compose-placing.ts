/** Images by digest, pinned in the compose files and in `.env`. */
import type { ComposeProject } from "../../app/app.ts"
import { HoldfastError } from "../../base/errors.ts"
import { dependenciesOf, dependenciesRest } from "./dependencies.ts"
import { jobsOf } from "./jobs.ts"
import { pinsOf, projectTexts, requireSameTexts } from "./pins.ts"
import type { Placing } from "./placing.ts"
import type { UpdateTools } from "../ports.ts"
import { keepImages, stageFiles } from "./prepare.ts"
import { pullReleaseImages } from "./pull-images.ts"

export function composePlacing(tools: UpdateTools, compose: ComposeProject): Placing {
  return {
    texts: async () => await projectTexts(compose),
    requireSame: async (texts) => await requireSameTexts(compose, texts),
    pins: async (release) => await pinsOf(compose, release),
    bring: async (release, ctx) => await pullReleaseImages(tools, release, ctx),
    link: async () => await Promise.resolve(null),
    jobs: async (services, ctx) => jobsOf((await tools.containers.compose(compose, ctx)).document, services),
    dependencies: async (services, ctx) => dependenciesOf(await tools.containers.compose(compose, ctx), services),
    withDependencies: async (services, ctx) => await dependenciesRest(tools.containers, compose, services, ctx),
    stage: async (prepared, pins, release, ctx) => {
      await keepImages(tools, prepared, ctx)
      await stageFiles(tools, compose, prepared, pins, release, ctx)
    },
    migrate: async ({ version, migrate }, timeoutMs, ctx) => {
      if (migrate === null) return null
      if (tools.containers.runOnce !== undefined)
        return await tools.containers.runOnce(compose, migrate.service, migrate.argv, { timeoutMs }, ctx)
      throw new HoldfastError("UPDATE_MIGRATION_FAILED", { what: `the migration to ${version} failed`, why: "this engine cannot run it" })
    },
  }
}
