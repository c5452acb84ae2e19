/** A plain program with a SQLite database, files and a secret, in a vault that was filled once: every kill gets the same world again, at the same paths. */
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { promisify } from "node:util"
import { z } from "zod"
import { addMessages, makeChat } from "../fixture/sqlite/chat.ts"
import { removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "../scenario/cli.ts"

const run = promisify(execFile)

export const SECRET_CANARY = "canary-crash-41ac07"

/** What the app's data is, part by part; old and new states are told apart by it. */
export interface AppState {
  readonly rows: string
  readonly files: string
  readonly secrets: string
}

export interface PlainPlace {
  readonly directory: string
  readonly cli: Cli
  state(): Promise<AppState>
  isRunning(): boolean
  /** Rows, a file and the secret change: all three, so that a mixture of states is seen. */
  change(word: string): Promise<void>
}

export async function plainPlace(directory: string): Promise<PlainPlace> {
  const app = join(directory, "app")
  const place: PlainPlace = {
    directory,
    cli: cliIn({ cwd: directory, stateDirectory: join(directory, "state") }),
    state: async () => ({
      rows: rowsOf(join(app, "data/chat.db")),
      files: await treeDigest(join(app, "uploads")),
      secrets: await treeDigest(join(app, "secrets")),
    }),
    isRunning: () => existsSync(join(app, "running")),
    change: async (word) => {
      const database = new DatabaseSync(join(app, "data/chat.db"))
      database.prepare("INSERT INTO User (name) VALUES (?)").run(word)
      addMessages(database, 1000 + Math.floor(Math.random() * 1e9), 5)
      database.close()
      await writeFile(join(app, "uploads", `${word}.txt`), word)
      await writeFile(join(app, "secrets/key"), `${SECRET_CANARY}-${word}`, { mode: 0o600 })
    },
  }
  return place
}

/** The app and its settings; nothing is backed up yet. */
export async function makePlainApp(directory: string, settings: Record<string, unknown> = {}): Promise<PlainPlace> {
  const app = join(directory, "app")
  for (const name of ["data", "uploads/deep", "secrets"]) await mkdir(join(app, name), { recursive: true })
  makeChat(join(app, "data/chat.db"), { messages: 40 })
  await writeFile(join(app, "uploads/one.txt"), "one")
  await writeFile(join(app, "uploads/deep/two.bin"), Buffer.alloc(20_000, 7))
  await writeFile(join(app, "secrets/key"), `${SECRET_CANARY}-first`, { mode: 0o600 })
  await writeFile(join(app, "run.sh"), `case $1 in start) : > ${app}/running ;; stop) rm -f ${app}/running ;; esac\n`)
  await writeFile(join(app, "running"), "")
  await writeFile(join(directory, "holdfast.yaml"), JSON.stringify({ ...plainSettings(app), ...settings }))
  return await plainPlace(directory)
}

function plainSettings(app: string): Record<string, unknown> {
  return {
    vaults: { local: { path: "./vault", keep: { last: 1 } } },
    apps: {
      chat: {
        databases: { main: { sqlite: "./app/data/chat.db" } },
        files: { uploads: { path: "./app/uploads" } },
        secrets: ["./app/secrets"],
        run: { start: ["/bin/sh", `${app}/run.sh`, "start"], stop: ["/bin/sh", `${app}/run.sh`, "stop"] },
      },
    },
  }
}

export interface SavedWorld {
  /** Puts the saved state back where it was. */
  reset(): Promise<void>
  /** The same for one of its directories alone. */
  resetPart(name: string): Promise<void>
  dispose(): Promise<void>
}

/** Manifests name absolute paths, so a world is not copied elsewhere but put back in its place. */
export async function saveWorld(directory: string): Promise<SavedWorld> {
  const saved = `${directory}.saved-${Math.random().toString(36).slice(2)}`
  await run("cp", ["-a", directory, saved])
  // The directory itself stays: it may be a mount point.
  const putBack = async (from: string, to: string): Promise<void> => {
    await mkdir(to, { recursive: true })
    for (const name of await readdir(to)) await removeTree(join(to, name))
    await run("cp", ["-a", `${from}/.`, to])
  }
  return {
    reset: async () => await putBack(saved, directory),
    resetPart: async (name) => await putBack(join(saved, name), join(directory, name)),
    dispose: async () => await removeTree(saved),
  }
}

function rowsOf(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const tables = z
      .array(z.object({ name: z.string() }))
      .parse(database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1").all())
    const hash = createHash("sha256")
    for (const { name } of tables) hash.update(name).update(JSON.stringify(database.prepare(`SELECT * FROM "${name}" ORDER BY 1, 2`).all()))
    return hash.digest("hex")
  } finally {
    database.close()
  }
}

/** Names, modes, owners and bytes. */
export async function treeDigest(root: string): Promise<string> {
  const hash = createHash("sha256")
  const entries = await readdir(root, { recursive: true })
  for (const name of ["", ...entries.toSorted()]) {
    const path = join(root, name)
    const status = await lstat(path)
    hash.update(`${name} ${status.mode} ${status.uid} ${status.gid}\n`)
    if (status.isFile()) hash.update(await readFile(path))
  }
  return hash.digest("hex")
}
