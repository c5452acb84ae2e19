/** A small world without containers: one app on a real PostgreSQL server and one on a SQLite file, each with uploads and secrets. */
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { link, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { promisify } from "node:util"
import { expect } from "vitest"
import { z } from "zod"
import { backupOutput } from "../../src/contract/output.ts"
import { startCluster, type Cluster } from "../fixture/postgres/cluster.ts"
import { fillChatData } from "../fixture/postgres/chat-data.ts"
import { makeChat } from "../fixture/sqlite/chat.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"

const run = promisify(execFile)

export interface SmallWorld {
  readonly directory: string
  readonly cluster: Cluster
  readonly cli: Cli
  readonly vault: string
  readonly keyFile: string
  /** Takes a point and returns its id. */
  backup(app: "chat" | "notes"): Promise<string>
  /** Everything live of both apps: rows of every table, and every file with its content. */
  live(): Promise<string>
  /** restic itself, on the vault, with its key; resolves to standard output. */
  restic(...args: readonly string[]): Promise<string>
  snapshots(...tags: readonly string[]): Promise<readonly Snapshot[]>
  dispose(): Promise<void>
}

export interface SmallWorldOptions {
  readonly password?: string
  /** Content of the secret files of both apps. */
  readonly secret?: string
}

const snapshotSchema = z.object({ id: z.string(), tags: z.array(z.string()), tree: z.string(), time: z.string() })
export type Snapshot = z.infer<typeof snapshotSchema>

export const CHAT_DATABASE = "chat"

export async function smallWorld(options: SmallWorldOptions = {}): Promise<SmallWorld> {
  const directory = await newDirectory("small")
  const cluster = await startCluster()
  const password = options.password ?? "canary-small-2290"
  await cluster.sql("postgres", `CREATE ROLE chat LOGIN CREATEDB PASSWORD '${password}'`, `CREATE DATABASE ${CHAT_DATABASE} OWNER chat`)
  await fillAsOwner(cluster)
  for (const app of ["chat", "notes"]) await fillFiles(join(directory, app), options.secret ?? "canary-secret-8812")
  await writeFile(join(directory, "chat", "secrets", "db_password"), `${password}\n`, { mode: 0o600 })
  makeChat(join(directory, "notes", "notes.db"), { messages: 400 })
  await writeFile(join(directory, "holdfast.yaml"), settings(directory, cluster.port))
  const stateDirectory = join(directory, "state")
  const cli = cliIn({ cwd: directory, stateDirectory })
  const vault = join(directory, "vault")
  const keyFile = join(stateDirectory, "keys", "local.key")
  const restic = async (...args: readonly string[]): Promise<string> => {
    const all = ["--repo", vault, "--password-file", keyFile, "--no-cache", ...args]
    return (await run("restic", all, { maxBuffer: 64 * 1024 * 1024 })).stdout
  }
  return {
    directory,
    cluster,
    cli,
    vault,
    keyFile,
    restic,
    backup: async (app) => (await cli.json(backupOutput, ["backup", app])).point?.id ?? "none",
    live: async () => await everythingLive(directory, cluster),
    snapshots: async (...tags) => {
      const filter = tags.length === 0 ? [] : ["--tag", tags.join(",")]
      return z.array(snapshotSchema).parse(JSON.parse(await restic("snapshots", "--json", ...filter)))
    },
    dispose: async () => {
      await cluster.stop()
      await removeTree(directory)
    },
  }
}

function settings(directory: string, port: number): string {
  return `vaults:
  local: { path: ${directory}/vault }
apps:
  chat:
    databases:
      main: { postgres: { host: 127.0.0.1, port: ${port}, database: ${CHAT_DATABASE}, user: chat, passwordFile: ./chat/secrets/db_password } }
    files: { uploads: { path: ./chat/uploads } }
    secrets: [ ./chat/secrets ]
    run: { stop: ["true"], start: ["true"] }
  notes:
    databases: { main: { sqlite: ./notes/notes.db } }
    files: { uploads: { path: ./notes/uploads }, empty: { path: ./notes/empty } }
    secrets: [ ./notes/secrets ]
    run: { stop: ["true"], start: ["true"] }
`
}

async function fillAsOwner(cluster: Cluster): Promise<void> {
  const client = await cluster.connect(CHAT_DATABASE)
  try {
    await client.query("GRANT ALL ON SCHEMA public TO chat")
    await client.query("SET ROLE chat")
    await fillChatData(client, { megabytes: 0.3 })
  } finally {
    await client.end()
  }
}

async function fillFiles(directory: string, secret: string): Promise<void> {
  await mkdir(join(directory, "uploads", "inner"), { recursive: true })
  await mkdir(join(directory, "empty"))
  await mkdir(join(directory, "secrets"), { mode: 0o700 })
  await writeFile(join(directory, "uploads", "one.txt"), "first upload\n")
  await writeFile(join(directory, "uploads", "inner", "two.bin"), Buffer.alloc(50_000, createHash("sha256").update(directory).digest()))
  await symlink("one.txt", join(directory, "uploads", "link"))
  await link(join(directory, "uploads", "one.txt"), join(directory, "uploads", "again.txt"))
  await writeFile(join(directory, "uploads", "odd\nname é -rf"), "")
  await run("mkfifo", [join(directory, "uploads", "pipe")])
  await writeFile(join(directory, "secrets", "token"), `${secret}\n`, { mode: 0o600 })
}

async function everythingLive(directory: string, cluster: Cluster): Promise<string> {
  const lines: string[] = []
  const tables = ["users", "channels", "messages", "attachments", "_migrations"]
  for (const table of tables) {
    lines.push(`${table} ${await cluster.value(CHAT_DATABASE, `SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM ${table} t`)}`)
  }
  const notes = new DatabaseSync(join(directory, "notes", "notes.db"), { readOnly: true })
  lines.push(JSON.stringify(notes.prepare("SELECT * FROM Message ORDER BY id").all()))
  notes.close()
  for (const app of ["chat", "notes"]) lines.push(...(await filesBelow(join(directory, app))))
  return lines.join("\n")
}

/** Every file but the database itself, whose bytes may differ for the same rows. */
export async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("notes.db"))
    .map((entry) => join(entry.parentPath, entry.name))
  return await Promise.all(
    files.toSorted().map(
      async (file) =>
        `${file} ${createHash("sha256")
          .update(await readFile(file))
          .digest("hex")}`,
    ),
  )
}

export async function expectUntouched(world: SmallWorld, before: string): Promise<void> {
  expect(await world.live()).toBe(before)
}
