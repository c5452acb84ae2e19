/** Another stack on the same host whose services have the same names: nothing that is done to the chat may touch it. */
import { command } from "../fixture/docker/command.ts"
import { tinyProject, type TinyProject } from "../fixture/docker/tiny-project.ts"
import { waitFor } from "../fixture/docker/wait-for.ts"
import { containersOf } from "./chat-world.ts"

const composeText = (service: string, volume: string): string => `
services:
  ${service}:
    image: holdfast-test/busybox
    command: ["sleep", "1000000"]
    restart: unless-stopped
    volumes: ["${volume}:/app/data/files"]
  postgres:
    image: holdfast-test/postgres:15
    restart: always
    environment: { POSTGRES_USER: chatalot, POSTGRES_DB: chatalot, POSTGRES_PASSWORD: neighbour }
    volumes: ["postgres_data:/var/lib/postgresql/data"]
volumes:
  postgres_data:
  ${volume}:
`

export interface Neighbour {
  /** Container ids, start times, restart counts and policies, and what its database holds. */
  look(): Promise<unknown>
  remove(): Promise<void>
}

/** @param names of the service beside the database, and of its volume */
export async function startNeighbour(
  directory: string,
  names: readonly [string, string] = ["chatalot", "file_storage"],
): Promise<Neighbour> {
  const project: TinyProject = tinyProject(directory, composeText(...names))
  const { projectName } = project.compose
  await project.up()
  const psql = async (sql: string): Promise<string> =>
    await command([
      "docker",
      "exec",
      `${projectName}-postgres-1`,
      "psql",
      "-X",
      "-h",
      "127.0.0.1",
      "-U",
      "chatalot",
      "-d",
      "chatalot",
      "-At",
      "-c",
      sql,
    ])
  await waitFor(
    async () =>
      await psql("SELECT 1").then(
        () => true,
        () => false,
      ),
  )
  await psql("CREATE TABLE messages (id int, body text); INSERT INTO messages SELECT n, 'neighbour ' || n FROM generate_series(1, 500) n")
  return {
    look: async () => ({
      containers: await containersOf(projectName),
      rows: await psql(
        "SELECT count(*), md5(string_agg(body, ',' ORDER BY id)), (SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database) FROM messages",
      ),
    }),
    remove: project.remove,
  }
}
