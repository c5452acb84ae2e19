import { locateApp } from "../../../app/locate.ts"
import type { App } from "../../../app/app.ts"
import { isHoldfastError } from "../../../base/errors.ts"
import type { DoctorOutput } from "../../../contract/output-host.ts"
import { hiddenProjects, hiddenState, inContainer } from "../../../doctor/check/container.ts"
import { examine, type DoctorTools, type Finding } from "../../../doctor/doctor.ts"
import { vaultLocation } from "../../../settings/vault-location.ts"
import { EXIT, type CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"
import { appNames } from "../../house/names.ts"
import { projectPlaces } from "../../house/project-places.ts"
import { declaredApp, lookingContext, verbTools } from "../../house/subject.ts"

/** `holdfast doctor` */
export const run: CommandRun = async (house, input) => {
  if (input.flag("free-space")) return await (await import("./free-space.ts")).run(house, input)
  const settings = await house.settings()
  const tools: DoctorTools = { ...(await verbTools(house)), sqliteVersion: house.sqliteVersion }
  const names = appNames(settings, input.argument("app"))
  const hidden = inContainer() ? hiddenProjects(names.flatMap((name) => projectPlaces(settings, name))) : []
  const apps: App[] = []
  // What cannot be seen cannot be examined; the line that is missing comes first.
  for (const name of names) if (!hidden.some(({ subject }) => subject === name)) apps.push(await asFarAsFound(house, name))
  const vaults = Object.keys(settings.vaults).map((name) => vaultLocation(settings, name, { stateDirectory: house.stateDirectory }))
  const examined = await examine(tools, { apps, vaults, settings, stateDirectory: house.stateDirectory }, lookingContext(house))
  const findings = [...(await stateFindings(house)), ...hidden, ...examined]
  const document: DoctorOutput = { format: "holdfast.doctor", version: 1, findings: findings.map((finding) => ({ ...finding })) }
  const troubles = findings.filter((finding) => finding.severity !== "ok")
  return { document, lines: linesOf(findings, troubles.length), exitCode: troubles.length === 0 ? EXIT.done : EXIT.partial }
}

/** An engine that does not answer is told by its own check. */
async function stateFindings(house: CliHouse): Promise<readonly Finding[]> {
  const containers = await house.use.containers()
  const seen = await containers.isSeenHere?.(house.stateDirectory, lookingContext(house)).catch((thrown: unknown) => {
    if (!isHoldfastError(thrown)) throw thrown
    return null
  })
  return seen === false ? [hiddenState(house.stateDirectory)] : []
}

/** An app whose places cannot be found now is examined as it is declared; the checks say what is missing. */
async function asFarAsFound(house: CliHouse, name: string): Promise<App> {
  const { declared } = await declaredApp(house, name)
  try {
    return await locateApp(declared, await house.use.containers(), lookingContext(house))
  } catch (thrown) {
    house.signal.throwIfAborted()
    house.progress.warn(`${name} cannot be located on this host: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    return declared
  }
}

const MARKS = { ok: "ok  ", warn: "warn", fail: "FAIL" } as const

function linesOf(findings: readonly Finding[], troubles: number): readonly string[] {
  const lines = findings.flatMap((finding) => [
    `${MARKS[finding.severity]}  ${finding.check} ${finding.subject}: ${finding.what}`,
    ...(finding.do === null ? [] : [`      do: ${finding.do}`]),
  ])
  return [...lines, "", troubles === 0 ? "nothing to do" : `${troubles} of ${findings.length} findings want something done`]
}
