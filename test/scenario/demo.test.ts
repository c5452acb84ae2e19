/** `holdfast demo`, as somebody runs it who has just found this program. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { mkdir, symlink } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { demoOutput } from "../../src/contract/output-demo.ts"
import { catalog } from "../../src/base/error-catalog.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"

async function cliWithOwnTmp(): Promise<{ cli: Cli; directory: string }> {
  const directory = await temporaryDirectory("demo")
  return { cli: cliIn({ cwd: directory, stateDirectory: join(directory, "home"), environment: { TMPDIR: directory } }), directory }
}

/** Command lines of living processes that name the directory. */
function processesIn(directory: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      try {
        const words = readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ")
        return words.includes(directory) ? [words] : []
      } catch {
        return []
      }
    })
}

function demoFolders(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => name.startsWith("holdfast-demo-"))
}

/** A directory of links to every program of this machine but these. */
async function pathWithout(directory: string, names: readonly string[]): Promise<string> {
  const bin = join(directory, "bin")
  await mkdir(bin)
  for (const place of ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]) {
    for (const name of readdirSync(place)) {
      if (!names.includes(name)) await symlink(join(place, name), join(bin, name)).catch(() => undefined)
    }
  }
  return bin
}

describeNeeding("restic")("the demo", () => {
  it("on a machine without restic that may not install it, says what is missing and what was tried", async () => {
    const directory = await temporaryDirectory("demo")
    const PATH = await pathWithout(directory, ["restic", "apt-get", "apt", "sudo"])
    const cli = cliIn({ cwd: directory, stateDirectory: join(directory, "home"), environment: { TMPDIR: directory, PATH } })
    const error = await cli.error("demo")
    expect(error).toMatchObject({ code: "VAULT_TOOL_MISSING", what: "restic cannot be run" })
    expect(error.why).toMatch(/missing for run:\s+- restic 0\.17 or newer/)
    expect(error.hint).toBe("Run `scripts/install` or install restic 0.17 or newer.")
  })

  it("protects, damages, restores and compares; leaves nothing behind", async () => {
    const { cli, directory } = await cliWithOwnTmp()
    const report = await cli.json(demoOutput, ["demo"])
    expect(report.comparisons.filter((one) => !one.held)).toEqual([])
    expect(report).toMatchObject({ passed: true, kept: false })
    expect(report.comparisons.map((one) => one.name)).toEqual([
      "rows were corrupted",
      "uploads were deleted",
      "the secret was blanked",
      "every acknowledged row is back",
      "and reads as it was written",
      "uploads are identical to the byte",
      "the secret is the same",
      "the app is well and writes again",
    ])
    expect(report.safetyPoint).not.toBeNull()
    expect(existsSync(report.folder)).toBe(false)
    expect(demoFolders(directory)).toEqual([])
    expect(processesIn(directory)).toEqual([])
  })

  it("fails, and keeps its folder, when what came back is not what was there", async () => {
    const { cli, directory } = await cliWithOwnTmp()
    const program = join(import.meta.dirname, "demo-sabotaged.ts")
    const environment = { PATH: process.env["PATH"] ?? "", HOME: cli.place.stateDirectory, TMPDIR: directory }
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, "demo", "--json"], {
      env: environment,
      stdio: ["ignore", "pipe", "ignore"],
    })
    let printed = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text))
    const [exitCode] = await once(child, "close")
    expect(exitCode).toBe(catalog.DEMO_FAILED.exitCode)
    const report = demoOutput.parse(JSON.parse(printed))
    expect(report).toMatchObject({ passed: false, kept: true })
    expect(report.comparisons.filter((one) => !one.held).map((one) => one.name)).toEqual([
      "uploads are identical to the byte",
      "the app is well and writes again",
    ])
    expect(existsSync(join(report.folder, "holdfast.yaml"))).toBe(true)
    expect(processesIn(directory)).toEqual([])
  })

  it("leaves no process and no folder behind when it is interrupted", async () => {
    const { cli, directory } = await cliWithOwnTmp()
    const started = cli.start("demo")
    await expect.poll(() => started.said(), { timeout: 120_000 }).toContain("capture a database")
    started.kill("SIGINT")
    const ended = await started.done
    expect(ended.exitCode, ended.stderr).toBe(130)
    expect(ended.stderr).toContain("error: interrupted")
    expect(processesIn(directory)).toEqual([])
    expect(demoFolders(directory)).toEqual([])
  })
})
