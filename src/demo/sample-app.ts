import { join } from "node:path"
import { z } from "zod"
import type { Argv } from "../app/app.ts"
import type { CommandRunner } from "../app/ports.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"

/** What the sample app says of its own data; digests are SHA-256. */
export const sampleFactsSchema = z.object({
  /** Number of the newest row that the app has told a client is stored. */
  acknowledged: z.number(),
  /** Rows up to the number that was asked for, and a digest over all of them. */
  rows: z.number(),
  rowsDigest: z.string(),
  corruptRows: z.number(),
  lostUploads: z.number(),
  uploads: z.record(z.string(), z.string()),
  secret: z.string(),
  secretBytes: z.number(),
})

export type SampleFacts = Readonly<z.infer<typeof sampleFactsSchema>>

/** The sample app is a program of its own; this is how it is called. */
export interface SampleProgram {
  readonly nodeBinary: string
  /** `demo/sample-app.ts`, absolute. */
  readonly script: string
  /** Where its data is. */
  readonly folder: string
}

export function sampleArgv(program: SampleProgram, ...words: readonly string[]): Argv {
  const [command = "", ...more] = words
  return [program.nodeBinary, "--disable-warning=ExperimentalWarning", program.script, command, program.folder, ...more]
}

/** Runs one of its commands. Throws TOOL_FAILED with what it says. */
export async function callSample(
  commands: CommandRunner,
  program: SampleProgram,
  ctx: RunContext,
  ...words: readonly string[]
): Promise<string> {
  const ended = await commands.run(sampleArgv(program, ...words), { timeoutMs: 120_000 }, ctx)
  if (ended.exitCode === 0) return ended.stdout
  throw new HoldfastError("TOOL_FAILED", { what: `the sample app could not ${words.join(" ")}`, why: ended.stderrTail })
}

/** @param upTo rows up to this number are counted and digested; null for all */
export async function sampleFacts(
  commands: CommandRunner,
  program: SampleProgram,
  upTo: number | null,
  ctx: RunContext,
): Promise<SampleFacts> {
  const printed = await callSample(commands, program, ctx, "facts", ...(upTo === null ? [] : [String(upTo)]))
  return sampleFactsSchema.parse(JSON.parse(printed))
}

/** The settings that an operator would write for it. */
export function sampleSettings(program: SampleProgram, vaultPath: string): string {
  const { folder } = program
  const argv = (word: string): string => JSON.stringify(sampleArgv(program, word))
  return `# Written by \`holdfast demo\`.
vaults:
  local: { path: ${JSON.stringify(vaultPath)} }
apps:
  sample:
    run:
      stop: ${argv("stop")}
      start: ${argv("start")}
    databases:
      main: { sqlite: ${JSON.stringify(join(folder, "data/chat.db"))} }
    files:
      uploads: { path: ${JSON.stringify(join(folder, "uploads"))}, exclude: [".*.part"] }
    secrets: [${JSON.stringify(join(folder, "secrets"))}]
    checks:
      sample-app: { command: { argv: ${argv("health")} } }
`
}
