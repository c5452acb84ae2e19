import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { locateApp } from "../../../app/locate.ts"
import type { ContextBase } from "../../../operation/run-operation.ts"
import { catalog } from "../../../base/error-catalog.ts"
import { writeFileDurably } from "../../../base/durable-file.ts"
import { HoldfastError, isHoldfastError } from "../../../base/errors.ts"
import { formatDuration } from "../../../base/units.ts"
import type { DemoOutput } from "../../../contract/output-demo.ts"
import { runDemo, sampleSettings, type DemoReport, type SampleProgram } from "../../../demo/demo.ts"
import { loadSettings } from "../../../settings/settings.ts"
import type { OpenVault } from "../../../vault/vault.ts"
import { EXIT, type CommandResult, type CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"
import { renderTable } from "../render/table.ts"
import { declaredApp, lookingContext, openNamedVault, verbTools } from "../../house/subject.ts"

/** `holdfast demo`: in a folder of its own, with a state of its own; nothing of this machine is touched. */
export const run: CommandRun = async (house, input) => {
  const startedMs = house.clock.monotonicMs()
  const folder = await mkdtemp(join(tmpdir(), "holdfast-demo-"))
  let kept = true
  try {
    const report = await demoIn(house, folder)
    kept = input.flag("keep") || !report.passed
    return resultOf(report, { folder, kept, durationMs: Math.round(house.clock.monotonicMs() - startedMs) })
  } catch (thrown) {
    kept = !house.signal.aborted || input.flag("keep")
    if (kept) house.progress.warn(`the demo's folder is kept: ${folder}`)
    throw thrown
  } finally {
    if (!kept) await rm(folder, { recursive: true, force: true })
  }
}

async function demoIn(house: CliHouse, folder: string): Promise<DemoReport> {
  const stateDirectory = join(folder, "state")
  const program: SampleProgram = {
    nodeBinary: house.nodeBinary,
    script: join(house.programDirectory, "demo/sample-app.ts"),
    folder: join(folder, "app"),
  }
  await mkdir(stateDirectory, { mode: 0o700 })
  const settingsFile = join(folder, "holdfast.yaml")
  await writeFileDurably(settingsFile, sampleSettings(program, join(folder, "vault")))
  const use = house.tools(stateDirectory)
  const base: ContextBase = house.base()
  const own: CliHouse = { ...house, stateDirectory, use, settings: () => Promise.resolve(loadSettings(settingsFile, {})), base: () => base }
  try {
    const { settings, declared } = await declaredApp(own, "sample")
    const vault = await openingOrInstalling(own, async () => await openNamedVault(own, settings, "local", { create: true }))
    const tools = await verbTools(own)
    const app = await locateApp(declared, tools.containers, lookingContext(own))
    return await runDemo(tools, { app, declared, vault, program }, house.command, base)
  } finally {
    await use.close()
  }
}

/** What is missing is installed by the project's own script, which says exactly what it may not install. */
async function openingOrInstalling(house: CliHouse, open: () => Promise<OpenVault>): Promise<OpenVault> {
  try {
    return await open()
  } catch (thrown) {
    if (!isHoldfastError(thrown, "VAULT_TOOL_MISSING")) throw thrown
    const script = join(house.programDirectory, "scripts/install")
    house.progress.note(`${thrown.message}; running ${script}`)
    const commands = await house.use.commands()
    const ended = await commands.run([script], { stdin: { fd: 0 } }, lookingContext(house))
    if (ended.exitCode === 0) return await open()
    throw new HoldfastError("VAULT_TOOL_MISSING", { what: thrown.message, why: `${ended.stdout}${ended.stderrTail}`.trim(), cause: thrown })
  }
}

interface Surrounding {
  readonly folder: string
  readonly kept: boolean
  readonly durationMs: number
}

function resultOf(report: DemoReport, surrounding: Surrounding): CommandResult {
  const document: DemoOutput = {
    format: "holdfast.demo",
    version: 1,
    passed: report.passed,
    durationMs: surrounding.durationMs,
    point: report.point,
    safetyPoint: report.safetyPoint,
    downtimeMs: report.downtimeMs,
    steps: report.steps.map((one) => ({ ...one })),
    comparisons: report.comparisons.map((one) => ({ ...one })),
    folder: surrounding.folder,
    kept: surrounding.kept,
  }
  return { document, lines: linesOf(report, surrounding), exitCode: report.passed ? EXIT.done : catalog.DEMO_FAILED.exitCode }
}

function linesOf(report: DemoReport, { folder, kept, durationMs }: Surrounding): readonly string[] {
  const steps = report.steps.map((one) => [one.name, formatDuration(one.durationMs), one.detail])
  const comparisons = report.comparisons.map((one) => [one.held ? "held" : "FAILED", one.name, one.detail])
  const failed = report.comparisons.filter((one) => !one.held).length
  return [
    ...renderTable([{ title: "WHAT WAS DONE" }, { title: "TOOK", right: true }, { title: "SEEN" }], steps),
    "",
    ...renderTable([{ title: "" }, { title: "COMPARISON" }, { title: "SEEN" }], comparisons),
    "",
    ...(kept ? placeLines(folder) : [`everything was in ${folder}, removed now (--keep keeps it)`]),
    "",
    report.passed
      ? `every comparison held, in ${formatDuration(durationMs)}\nnext, for an app of your own: holdfast init`
      : `${failed} of ${report.comparisons.length} comparisons did not hold: this is a bug in Holdfast, please report it`,
  ]
}

function placeLines(folder: string): readonly string[] {
  const rows = [
    ["settings", join(folder, "holdfast.yaml")],
    ["sample app", join(folder, "app")],
    ["vault", join(folder, "vault")],
    ["its key, store", join(folder, "state")],
  ]
  return [
    ...renderTable([{ title: "WHERE" }, { title: "" }], rows),
    "",
    "to look around:",
    "  holdfast points sample \\",
    `    --config ${join(folder, "holdfast.yaml")} \\`,
    `    --state-dir ${join(folder, "state")}`,
  ]
}
