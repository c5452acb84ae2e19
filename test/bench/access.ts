/** How a server in a container is reached: by TCP to its address, by a helper container, by exec (design §5, "Access"), each beside the same limit. */
import { rmSync, writeFileSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { startDocker, stop } from "../fixture/docker/dockerd.ts"
import { CHAT_SCHEMA, writeMessages } from "./chat-database.ts"
import { median, once, shell } from "./measure.ts"
import { measuredOnly, slowerBy, type Keep } from "./row.ts"
import { createWorkplace } from "./workplace.ts"

const PASSWORD = "bench"
const IMAGE = "holdfast-test/postgres:15"
const PROJECT = `hf-bench-${process.pid}`

export async function accessRows(place: string, sizeBytes: number, runs: number, keep: Keep): Promise<void> {
  const { host } = await startDocker([IMAGE])
  const directory = join(place, "access-bench")
  await mkdir(directory)
  const compose = writeCompose(directory)
  try {
    await once(shell(`docker-compose -p ${PROJECT} -f ${compose} up -d --quiet-pull`, { DOCKER_HOST: host }))
    await fill(directory, sizeBytes)
    await measured(directory, compose, runs, keep)
  } finally {
    await once(shell(`docker-compose -p ${PROJECT} -f ${compose} down --volumes --timeout 5`, { DOCKER_HOST: host }))
    await stop()
  }
}

async function measured(directory: string, compose: string, runs: number, keep: Keep): Promise<void> {
  const limit = await median(() => inside("pg_dump -U chat --format=custom --compress=0 chat > /dev/null"), { runs })
  const against = "pg_dump --compress=0 > /dev/null inside"
  for (const access of ["tcp", "helper", "exec"] as const) {
    const workplace = createWorkplace(join(directory, access), appReachedBy(access, directory, compose))
    await once(workplace.holdfast("backup", "bench"))
    const { durationMs } = await median(() => workplace.holdfast("backup", "bench"), { runs })
    const work = `second backup of a database in a container, by ${access}`
    keep((access === "exec" ? measuredOnly : slowerBy)(work, durationMs, against, limit.durationMs, 1.7))
  }
}

function writeCompose(directory: string): string {
  const path = join(directory, "compose.yml")
  writeFileSync(join(directory, "password"), PASSWORD, { mode: 0o600 })
  writeFileSync(
    path,
    `services:
  postgres:
    image: ${IMAGE}
    container_name: ${PROJECT}-postgres
    environment: { POSTGRES_USER: chat, POSTGRES_DB: chat, POSTGRES_PASSWORD: ${PASSWORD} }
`,
  )
  return path
}

function appReachedBy(access: string, directory: string, compose: string): string {
  return `    compose: { project: ${PROJECT}, files: [${compose}] }
    databases:
      main:
        postgres: { service: postgres, database: chat, user: chat, passwordFile: ${join(directory, "password")}, access: ${access} }
    images: never
`
}

function inside(script: string) {
  return shell(`docker exec --interactive ${PROJECT}-postgres sh -c '${script}'`)
}

async function fill(directory: string, sizeBytes: number): Promise<void> {
  // The temporary server of the first start listens on no address: only the final one answers by TCP.
  await once(shell(`until docker exec ${PROJECT}-postgres pg_isready -q -h 127.0.0.1 -U chat; do sleep 0.2; done`))
  const [schema, file] = [join(directory, "schema.sql"), join(directory, "messages.tsv")]
  writeFileSync(schema, CHAT_SCHEMA)
  await writeMessages(file, 1, { messages: Infinity, bytes: sizeBytes }, 1)
  const psql = `docker exec --interactive ${PROJECT}-postgres psql -q -v ON_ERROR_STOP=1 -U chat`
  // Not in parallel: that wants more shared memory than the 64 MiB that a container has.
  const settle = `${psql} -c "vacuum (analyze, parallel 0)" -c checkpoint`
  await once(shell(`${psql} < ${schema}; ${psql} -c "copy messages from stdin" < ${file}; ${settle}`))
  rmSync(file)
}
