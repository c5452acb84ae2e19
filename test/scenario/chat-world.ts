/** What a chat application consists of, looked at from outside of Holdfast: rows, uploads, secrets, containers. */
import { createHash } from "node:crypto"
import { lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { z } from "zod"
import { makeChatProject, type ChatOptions, type ChatProject } from "../fixture/chat-app/project.ts"
import { command } from "../fixture/docker/command.ts"
import { newDirectory, removeTree } from "../fixture/tmp.ts"
import { cliIn, type Cli } from "./cli.ts"

export interface ChatWorld {
  readonly directory: string
  readonly project: ChatProject
  readonly vault: string
  /** Run in the project's folder. */
  readonly cli: Cli
  /** The same vault seen from a host that has nothing else yet. */
  elsewhere(name: string): Promise<Cli>
  dispose(): Promise<void>
}

/** The chat's project in a directory of its own; nothing is built or started yet. */
export async function chatWorld(options: ChatOptions = {}): Promise<ChatWorld> {
  const directory = await newDirectory("chat")
  const project = await makeChatProject(join(directory, "app"), options)
  const vault = join(directory, "vault")
  const cli = cliIn({ cwd: project.directory, stateDirectory: join(directory, "state") })
  return {
    directory,
    project,
    vault,
    cli,
    elsewhere: async (name) => {
      await mkdir(join(directory, name))
      return cliIn({ cwd: join(directory, name), stateDirectory: join(directory, name, "state") })
    },
    dispose: async () => {
      await removeProject(project)
      await removeTree(directory)
    },
  }
}

/** By label, because a story may have ended with a host that has no compose file any more: containers, networks, volumes and the app's image. */
export async function removeProject(project: ChatProject): Promise<void> {
  const label = `label=com.docker.compose.project=${project.name}`
  const each = async (list: readonly string[], remove: readonly string[]): Promise<void> => {
    const ids = (await command([...list, "--filter", label])).split("\n").filter((id) => id !== "")
    if (ids.length > 0) await command([...remove, ...ids])
  }
  await each(["docker", "ps", "-aq"], ["docker", "rm", "--force", "--volumes"])
  await each(["docker", "network", "ls", "-q"], ["docker", "network", "rm"])
  await each(["docker", "volume", "ls", "-q"], ["docker", "volume", "rm"])
  const images = (await command(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"])).split("\n")
  const own = images.filter((image) => image.startsWith(`${project.name}-`) || image.startsWith(`${project.name}_`))
  if (own.length > 0) await command(["docker", "image", "rm", "--force", ...own])
}

export interface ChatState {
  /** `messages` → row count and digest of every column of every row. */
  readonly tables: Readonly<Record<string, string>>
  readonly rows: Readonly<Record<string, number>>
  /** `aa/<id>` → kind, mode, owner and content. */
  readonly uploads: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
}

/** Everything that a restore has to bring back, byte for byte. */
export async function stateOf(project: ChatProject): Promise<ChatState> {
  const names = (
    await project.psql("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1")
  ).split("\n")
  const queries = names.map(
    (name) => `SELECT '${name}', count(*), coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM "${name}" t`,
  )
  const lines = (await project.psql(queries.join(" UNION ALL "))).split("\n").map((line) => line.split("|"))
  return {
    tables: Object.fromEntries(lines.map(([name = "", , digest = ""]) => [name, digest])),
    rows: Object.fromEntries(lines.map(([name = "", count = ""]) => [`public.${name}`, Number(count)])),
    uploads: await treeOf(await uploadsDirectory(project)),
    secrets: { ...(await treeOf(join(project.directory, "secrets"))), ".env": await entryOf(join(project.directory, ".env")) },
  }
}

/** The engine's directory of the volume with the uploads. */
export async function uploadsDirectory(project: ChatProject): Promise<string> {
  return (await command(["docker", "volume", "inspect", "--format", "{{.Mountpoint}}", project.volumes.files])).trim()
}

/** Every entry below, the root itself as `.`. */
export async function treeOf(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = { ".": await entryOf(root) }
  for (const name of (await readdir(root, { recursive: true })).toSorted()) found[name] = await entryOf(join(root, name))
  return found
}

async function entryOf(path: string): Promise<string> {
  const status = await lstat(path)
  const owner = `${(status.mode & 0o7777).toString(8)} ${status.uid}:${status.gid}`
  if (status.isDirectory()) return `directory ${owner}`
  const content = createHash("sha256")
    .update(await readFile(path))
    .digest("hex")
  return `file ${owner} ${status.size} ${content}`
}

const containerSchema = z.array(
  z.object({
    Id: z.string(),
    Name: z.string(),
    RestartCount: z.number(),
    Image: z.string(),
    State: z.object({ StartedAt: z.string(), Running: z.boolean() }),
    HostConfig: z.object({ RestartPolicy: z.object({ Name: z.string() }) }),
  }),
)

export interface ContainerLook {
  readonly id: string
  readonly image: string
  readonly startedAt: string
  readonly running: boolean
  readonly restarts: number
  readonly restartPolicy: string
}

/** The containers of a compose project by name. */
export async function containersOf(projectName: string): Promise<Readonly<Record<string, ContainerLook>>> {
  const ids = (await command(["docker", "ps", "-aq", "--no-trunc", "--filter", `label=com.docker.compose.project=${projectName}`]))
    .split("\n")
    .filter((id) => id !== "")
  if (ids.length === 0) return {}
  const shown = containerSchema.parse(JSON.parse(await command(["docker", "inspect", ...ids])))
  return Object.fromEntries(
    shown.map((one) => [
      one.Name.replace(/^\//, ""),
      {
        id: one.Id,
        image: one.Image,
        startedAt: one.State.StartedAt,
        running: one.State.Running,
        restarts: one.RestartCount,
        restartPolicy: one.HostConfig.RestartPolicy.Name,
      },
    ]),
  )
}

/** What Holdfast or a copy of the app would have left in the engine: anything with our label, anything that is of none of the known projects but names ours. */
export async function leftovers(project: ChatProject): Promise<readonly string[]> {
  const kinds = [
    ["docker", "ps", "-a", "--format", "container {{.Names}} {{.Labels}}"],
    ["docker", "network", "ls", "--format", "network {{.Name}} {{.Labels}}"],
    ["docker", "volume", "ls", "--format", "volume {{.Name}} {{.Labels}}"],
  ] as const
  const lines = (await Promise.all(kinds.map(async (argv) => await command(argv)))).flatMap((text) => text.split("\n"))
  return lines.filter(
    (line) => line.includes(project.name) && (line.includes("holdfast.operation") || /\bholdfast-[a-z0-9]/.test(line.split(" ")[1] ?? "")),
  )
}

/** Databases in the app's server that are not its own; a kept state is one of them. */
export async function otherDatabases(project: ChatProject): Promise<readonly string[]> {
  const listed = await project.psql(
    `SELECT datname FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', '${project.database}') ORDER BY 1`,
  )
  return listed.split("\n").filter((name) => name !== "")
}

/** Blanks one variable of `.env`, as an operator's slip does. */
export async function blankVariable(project: ChatProject, name: string): Promise<void> {
  const file = join(project.directory, ".env")
  const text = await readFile(file, "utf8")
  await writeFile(file, text.replace(new RegExp(`^${name}=.*$`, "m"), `${name}=`))
}
