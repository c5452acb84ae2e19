import type { App, UpdateRules } from "../../../app/app.ts"
import { isHoldfastError, type HoldfastError } from "../../../base/errors.ts"
import type { CheckedApp, UpdateCheckOutput } from "../../../contract/output-update-find.ts"
import type { FoundReleases } from "../../../release/installable.ts"
import { lookForUpdates } from "../../house/look-for-updates.ts"
import { appNames } from "../../house/names.ts"
import { declaredApp } from "../../house/subject.ts"
import { releaseDocument } from "../../house/update-documents.ts"
import type { CliHouse } from "../cli-house.ts"
import { EXIT, type CommandRun } from "../command-spec.ts"
import { visible } from "../render/table.ts"

/** `holdfast update check` */
export const run: CommandRun = async (house, input) => {
  const named = input.argument("app")
  const names = appNames(await house.settings(), named)
  const followed: { readonly app: App; readonly rules: UpdateRules }[] = []
  for (const name of names) {
    const { declared } = await declaredApp(house, name)
    if (declared.updates !== undefined) followed.push({ app: declared, rules: declared.updates })
  }
  const [only, ...others] = followed
  // What is asked for alone, and cannot be told, is an error; so is asking for an app that follows nothing.
  if (others.length === 0) {
    const name = named ?? only?.app.name ?? names[0]
    if (name === undefined) return resultOf([])
    const found = await lookForUpdates(house, name)
    return resultOf(only === undefined ? [] : [checked(only.app, only.rules, found)])
  }
  const apps: CheckedApp[] = []
  for (const { app, rules } of followed) apps.push(await checkOne(house, app, rules))
  return resultOf(apps)
}

async function checkOne(house: CliHouse, app: App, rules: UpdateRules): Promise<CheckedApp> {
  house.progress.step(`looking for updates of ${app.name}`)
  try {
    return checked(app, rules, await lookForUpdates(house, app.name))
  } catch (thrown) {
    if (!isHoldfastError(thrown) || house.signal.aborted) throw thrown
    const nothing = { running: null, hops: [], lookedAt: house.clock.now(), notices: [] }
    return { ...checked(app, rules, nothing), error: errorOf(thrown) }
  }
}

function checked(app: App, rules: UpdateRules, found: FoundReleases): CheckedApp {
  return {
    app: app.name,
    source: rules.source,
    channel: rules.source === "manifest" ? rules.channel : null,
    running: found.running,
    releases: found.hops.map(releaseDocument),
    lookedAt: found.lookedAt.toISOString(),
    notices: [...found.notices],
    error: null,
  }
}

function errorOf({ code, message, why, hint, exitCode }: HoldfastError): NonNullable<CheckedApp["error"]> {
  return { code, what: message, why: why ?? null, hint, exitCode }
}

function resultOf(apps: readonly CheckedApp[]): Awaited<ReturnType<CommandRun>> {
  const document: UpdateCheckOutput = { format: "holdfast.update-check", version: 1, apps: [...apps] }
  const complete = apps.every(({ error }) => error === null)
  return {
    document,
    lines: apps.length === 0 ? ["no app is set up"] : apps.flatMap(linesOf),
    exitCode: complete ? EXIT.done : EXIT.partial,
  }
}

function linesOf(one: CheckedApp): readonly string[] {
  return [headOf(one), ...one.releases.flatMap(releaseLines), ...one.notices.map((notice) => `  note: ${visible(notice)}`)]
}

function headOf({ app, running, releases, error }: CheckedApp): string {
  if (error !== null)
    return `${app}: not known: ${visible(error.what)}${error.why === null ? "" : ` (${visible(error.why)})`}. ${error.hint}`
  const runs = running ?? "a version that it does not tell"
  const newest = releases.at(-1)?.version
  if (newest === undefined) return `${app}: ${runs} runs; nothing newer is there`
  const way =
    releases.length > 1
      ? `, by way of ${releases
          .slice(0, -1)
          .map(({ version }) => version)
          .join(", ")}`
      : ""
  return `${app}: ${runs} runs; ${newest} can be installed${way}`
}

function releaseLines({ version, images, signed, notes }: CheckedApp["releases"][number]): readonly string[] {
  const from = signed === null ? "" : `, signed release ${signed.sequence} of channel ${signed.channel}`
  return [
    `  ${version}${from}`,
    ...Object.entries(images).map(
      ([service, { repository, digest, tag }]) => `    ${service}: ${repository}${tag === null ? "" : `:${tag}`}@${digest}`,
    ),
    ...notes
      .trim()
      .split("\n")
      .flatMap((line) => (line === "" ? [] : [`    | ${visible(line)}`])),
  ]
}
