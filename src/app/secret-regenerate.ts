/** Makes anew what can be made anew (signing keys, tokens, host keys); refuses keys that stored data is encrypted with. */
import { generateKeyPairSync, randomBytes } from "node:crypto"
import { chmod, chown, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises"
import { basename, dirname, isAbsolute, join, resolve } from "node:path"
import { writeFileDurably } from "../base/durable-file.ts"
import { HoldfastError } from "../base/errors.ts"
import { compactUtc } from "../base/ids.ts"
import type { RunContext } from "../base/run-context.ts"
import type { App } from "./app.ts"
import type { CommandRunner } from "./ports.ts"
import type { Recipe } from "./recipe.ts"

type SecretFact = Recipe["secretFacts"][number]
type Kind = NonNullable<SecretFact["regenerate"]>

export interface RegeneratePlan {
  readonly name: string
  readonly kind: Kind
  /** Files that are replaced, absolute, the private one first. */
  readonly files: readonly string[]
  /** The assignment that is replaced inside the first file; null when the file is the secret. */
  readonly variable: string | null
  /** Suffix under which the old files are kept beside. */
  readonly keptSuffix: string
  readonly mode: number
  readonly lossMeans: string
  readonly notice: string
}

/**
 * What would be made, and what it means for the users. Nothing is changed.
 * @param secret the name, variable or file of one of the recipe's secrets
 * @param roots folders in which a relative file is looked for, the project's first
 * @throws REGENERATE_REFUSED for a secret that protects data, or that is not known
 */
export function planRegenerate(app: App, secret: string, roots: readonly string[], now: Date): RegeneratePlan {
  const fact = findFact(app, secret)
  if (fact.regenerate === undefined)
    throw new HoldfastError("REGENERATE_REFUSED", { what: `${fact.name} cannot be made anew`, why: fact.lossMeans, hint: fact.remedy })
  const base = roots[0] ?? app.compose?.projectDirectory
  if (base === undefined)
    throw new HoldfastError("REGENERATE_REFUSED", { what: `it is not known where ${fact.name} lies`, hint: "Make the file by hand." })
  const file = resolve(base, fact.file ?? ".env")
  return {
    name: fact.name,
    kind: fact.regenerate,
    files: fact.regenerate === "ed25519-pair" ? [file, publicFile(app, fact, base)] : [file],
    variable: fact.file === undefined ? (fact.env ?? null) : null,
    keptSuffix: `.before-${compactUtc(now)}`,
    mode: Number.parseInt(fact.mode ?? "0600", 8),
    lossMeans: fact.lossMeans,
    notice: fact.notice ?? fact.remedy,
  }
}

function findFact(app: App, secret: string): SecretFact {
  const facts = app.recipe?.secretFacts ?? []
  const wanted = secret.toLowerCase()
  const found = facts.find((fact) =>
    [fact.name, fact.env, fact.file, fact.file === undefined ? undefined : basename(fact.file)].some(
      (word) => word?.toLowerCase() === wanted,
    ),
  )
  if (found !== undefined) return found
  const known = facts.filter((fact) => fact.regenerate !== undefined).map((fact) => fact.name)
  throw new HoldfastError("REGENERATE_REFUSED", {
    what: `nothing is known about a secret called ${secret}`,
    why: known.length === 0 ? `${app.name} has no recipe that says what can be made anew` : `what can be made anew: ${known.join(", ")}`,
  })
}

function publicFile(app: App, fact: SecretFact, base: string): string {
  const proof = app.recipe?.keyProofs.find((candidate) => candidate.method === "ed25519-pair" && candidate.key.file === fact.file)
  const named = proof?.publicFile
  if (named !== undefined) return isAbsolute(named) ? named : resolve(base, named)
  throw new HoldfastError("REGENERATE_REFUSED", { what: `the recipe does not say where the public key of ${fact.name} lies` })
}

export interface Regenerated {
  readonly written: readonly string[]
  readonly kept: readonly string[]
  readonly notice: string
}

/**
 * Writes the new secret; the old files stay beside under the plan's suffix. Mode and owner of an existing file are kept.
 */
export async function applyRegenerate(plan: RegeneratePlan, commands: CommandRunner, ctx: RunContext): Promise<Regenerated> {
  const contents = await newContents(plan, commands, ctx)
  const kept: string[] = []
  for (const [index, file] of plan.files.entries()) {
    const before = await describe(file)
    if (before !== null) {
      await writeFileDurably(file + plan.keptSuffix, await readFile(file), before.mode)
      await chown(file + plan.keptSuffix, before.uid, before.gid)
      kept.push(file + plan.keptSuffix)
    }
    await replace(file, contents[index] ?? "", before ?? { mode: index === 0 ? plan.mode : 0o644, uid: null, gid: null })
  }
  return { written: plan.files, kept, notice: plan.notice }
}

async function replace(file: string, content: string, owner: { mode: number; uid: number | null; gid: number | null }): Promise<void> {
  const temporary = `${file}.new`
  await writeFileDurably(temporary, content, owner.mode)
  if (owner.uid !== null && owner.gid !== null) await chown(temporary, owner.uid, owner.gid)
  await chmod(temporary, owner.mode)
  await rename(temporary, file)
}

async function describe(file: string): Promise<{ mode: number; uid: number; gid: number } | null> {
  try {
    const { mode, uid, gid } = await stat(file)
    return { mode: mode & 0o7777, uid, gid }
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null
    throw cause
  }
}

async function newContents(plan: RegeneratePlan, commands: CommandRunner, ctx: RunContext): Promise<readonly string[]> {
  if (plan.kind === "ed25519-pair") {
    const pair = generateKeyPairSync("ed25519", {
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    })
    return [pair.privateKey, pair.publicKey]
  }
  if (plan.kind === "ssh-host-key") return [await makeHostKey(plan.files[0] ?? "", commands, ctx)]
  const value = randomBytes(32).toString(plan.kind === "random-hex-32" ? "hex" : "base64")
  return [plan.variable === null ? value : await assigned(plan.files[0] ?? "", plan.variable, value)]
}

async function makeHostKey(file: string, commands: CommandRunner, ctx: RunContext): Promise<string> {
  const directory = await mkdtemp(join(dirname(file), ".holdfast-key-"))
  try {
    const made = join(directory, "key")
    const result = await commands.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", made], { timeoutMs: 60_000 }, ctx)
    if (result.exitCode !== 0)
      throw new HoldfastError("REGENERATE_REFUSED", { what: "ssh-keygen could not make a key", why: result.stderrTail.trim() })
    return await readFile(made, "utf8")
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The `.env` file with the last assignment of the variable (the one that counts) replaced; every other byte stays. */
async function assigned(file: string, variable: string, value: string): Promise<string> {
  const text = await readFile(file, "utf8")
  const assignments = [...text.matchAll(new RegExp(`^([ \\t]*(?:export[ \\t]+)?${variable}[ \\t]*=)[^\\n]*$`, "gm"))]
  const last = assignments.at(-1)
  if (last === undefined) return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${variable}=${value}\n`
  const end = last.index + last[0].length
  return text.slice(0, last.index) + (last[1] ?? "") + value + text.slice(end)
}
