/** A plain program with a SQLite database, outside of any container, under the care of the real command line. */
import { execFile } from "node:child_process"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { onTestFinished } from "vitest"
import { z } from "zod"
import { temporaryDirectory } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"

const SCRIPT = join(import.meta.dirname, "../../demo/sample-app.ts")
const run = promisify(execFile)

const factsSchema = z.object({
  acknowledged: z.number(),
  rows: z.number(),
  rowsDigest: z.string(),
  corruptRows: z.number(),
  lostUploads: z.number(),
  uploads: z.record(z.string(), z.string()),
  secret: z.string(),
})

export type AppFacts = z.infer<typeof factsSchema>

export interface SqliteApp {
  readonly directory: string
  readonly folder: string
  readonly database: string
  readonly settingsFile: string
  readonly cli: Cli
  argv(word: string): readonly string[]
  call(...words: readonly string[]): Promise<string>
  /** Up to a row's number, or all. */
  facts(upTo?: number): Promise<AppFacts>
}

/** `settings` is what stands below the app's name, besides how it runs and what it keeps. */
export async function sqliteApp(more: string = "", parts?: string): Promise<SqliteApp> {
  const directory = await temporaryDirectory("sqlite-app")
  const [folder, stateDirectory] = [join(directory, "srv"), join(directory, "state")]
  await mkdir(stateDirectory)
  const argv = (word: string): readonly string[] => [process.execPath, "--disable-warning=ExperimentalWarning", SCRIPT, word, folder]
  const call = async (...words: readonly string[]): Promise<string> => {
    const [word = "", ...rest] = words
    const [file = "", ...args] = [...argv(word), ...rest]
    return (await run(file, args, { maxBuffer: 64 * 1024 * 1024 })).stdout
  }
  const database = join(folder, "data/chat.db")
  const settingsFile = join(directory, "holdfast.yaml")
  const standard = `    databases: { main: { sqlite: ${database} } }
    files: { uploads: { path: ${join(folder, "uploads")}, exclude: [".*.part"] } }
    secrets: [${join(folder, "secrets")}]`
  await writeFile(
    settingsFile,
    `vaults: { local: { path: ${join(directory, "vault")} } }
apps:
  chat:
    run: { stop: ${JSON.stringify(argv("stop"))}, start: ${JSON.stringify(argv("start"))} }
${parts ?? standard}
${more}
`,
  )
  onTestFinished(async () => void (await call("stop").catch(() => "")))
  await call("start")
  return {
    directory,
    folder,
    database,
    settingsFile,
    cli: cliIn({ cwd: directory, stateDirectory }),
    argv,
    call,
    facts: async (upTo) => factsSchema.parse(JSON.parse(await call("facts", ...(upTo === undefined ? [] : [String(upTo)])))),
  }
}

/** What was acknowledged at this moment. */
export async function acknowledgedNow(app: SqliteApp): Promise<AppFacts> {
  const { acknowledged } = await app.facts()
  return { ...(await app.facts(acknowledged)), acknowledged }
}
