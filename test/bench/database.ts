/** PostgreSQL rows of design §14: first and second backup, and restore, beside what the guides do. */
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { startCluster, SUPERUSER_PASSWORD, type Cluster } from "../fixture/postgres/cluster.ts"
import { CHAT_SCHEMA, writeMessages } from "./chat-database.ts"
import { median, once, shell, type Command } from "./measure.ts"
import { atMostBytes, atMostPercent, fasterBy, slowerBy, type Keep } from "./row.ts"
import { createWorkplace, type Workplace } from "./workplace.ts"

const DATABASE = "bench"
const OUR_MEMORY_MOST = 200 * 1024 * 1024

export async function databaseRows(directory: string, sizeBytes: number, runs: number, keep: Keep): Promise<void> {
  const cluster = await startCluster()
  try {
    await cluster.sql("postgres", `CREATE DATABASE ${DATABASE}`)
    const chat = await fill(cluster, directory, sizeBytes)
    // A vacuum would note the gaps in old pages, and new rows would be strewn over the whole table: that is measured on its own.
    await cluster.sql(DATABASE, "ALTER TABLE messages SET (autovacuum_enabled = off)", "ANALYZE", "CHECKPOINT")
    await measured(cluster, chat, workplaceFor(cluster, directory), directory, runs, keep)
  } finally {
    await cluster.stop()
  }
}

interface Chat {
  /** Adds one message for each hundred that are there. */
  appendOnePercent(): Promise<void>
}

/** A database whose dump has the given size. */
async function fill(cluster: Cluster, directory: string, sizeBytes: number): Promise<Chat> {
  const pg = programs(cluster)
  const file = join(directory, "messages.tsv")
  let messages = 0
  const append = async (most: { messages: number; bytes: number }): Promise<void> => {
    const written = await writeMessages(file, messages + 1, most, messages)
    await once(pg(`psql --quiet --set=ON_ERROR_STOP=1 --command="\\copy messages from '${file}'" ${DATABASE}`))
    rmSync(file)
    messages += written.messages
    await cluster.sql(DATABASE, "CHECKPOINT")
  }
  await cluster.sql(DATABASE, CHAT_SCHEMA)
  await append({ messages: Infinity, bytes: sizeBytes })
  return { appendOnePercent: async () => await append({ messages: Math.floor(messages / 100), bytes: Infinity }) }
}

async function measured(cluster: Cluster, chat: Chat, workplace: Workplace, directory: string, runs: number, keep: Keep): Promise<void> {
  const pg = programs(cluster)
  const backup = (): Command => workplace.holdfast("backup", "bench")
  const gzipped = await median(() => pg(`pg_dump ${DATABASE} | gzip > ${join(directory, "dump.gz")}`), { runs })
  const custom = await median(() => pg(`pg_dump --format=custom --file=${join(directory, "custom.dump")} ${DATABASE}`), { runs })
  const limit = await median(() => pg(`pg_dump --format=custom --compress=0 ${DATABASE} > /dev/null`), { runs })
  const first = await median(backup, { runs, before: async () => workplace.clear() })
  const storedFirst = workplace.vaultBytes()
  await chat.appendOnePercent()
  const second = await once(backup())
  const grown = workplace.vaultBytes() - storedFirst
  const again = await median(backup, { runs })
  const strewn = await growthAfterVacuum(cluster, chat, workplace, backup)
  keep(
    slowerBy("first backup", first.durationMs, "pg_dump --format=custom", custom.durationMs, 0.65),
    fasterBy("second backup, 1 % of rows appended", second.durationMs, "pg_dump | gzip", gzipped.durationMs, 3),
    fasterBy("second backup, nothing appended", again.durationMs, "pg_dump | gzip", gzipped.durationMs, 3),
    slowerBy("the same, by TCP", again.durationMs, "pg_dump --compress=0 > /dev/null", limit.durationMs, 1.7),
    atMostPercent("stored growth, 1 % of rows appended at the table's end", grown, storedFirst, "first backup", 2),
    atMostPercent("stored growth, 1 % of rows strewn into gaps after a vacuum", strewn, storedFirst, "first backup", 2),
    atMostBytes("peak memory of our own process", Math.max(first.peakBytes, second.peakBytes, again.peakBytes), "", OUR_MEMORY_MOST),
  )
  await restoreRows(pg, workplace, directory, runs, keep)
}

/** Our restore also takes a safety point of the live database first; both times are given. */
async function restoreRows(
  pg: (script: string) => Command,
  workplace: Workplace,
  directory: string,
  runs: number,
  keep: Keep,
): Promise<void> {
  const dump = join(directory, "plain-custom.dump")
  await once(pg(`pg_dump --format=custom --compress=0 --file=${dump} ${DATABASE}`))
  const theirs = await median(() => pg(`pg_restore --dbname=bench_restored --single-transaction --exit-on-error ${dump}`), {
    runs,
    before: async () => {
      await once(pg("dropdb --if-exists bench_restored && createdb --template=template0 bench_restored"))
    },
  })
  await once(pg("dropdb bench_restored"))
  // By its label: each restore's safety point becomes the latest, and an unproven point would be read first.
  await once(workplace.holdfast("backup", "bench", "--label", "proven"))
  await once(workplace.holdfast("verify", "bench", "proven"))
  const safety = await median(() => workplace.holdfast("backup", "bench", "--only", "database"), { runs: 1 })
  const whole = await median(() => workplace.holdfast("restore", "bench", "proven", "--only", "database", "--yes"), { runs })
  keep(
    slowerBy("restore, without its safety point", whole.durationMs - safety.durationMs, "pg_restore from a file", theirs.durationMs, 1.15),
    slowerBy(
      "restore, whole command with safety point",
      whole.durationMs,
      "safety point + pg_restore",
      safety.durationMs + theirs.durationMs,
      1.15,
    ),
  )
}

async function growthAfterVacuum(cluster: Cluster, chat: Chat, workplace: Workplace, backup: () => Command): Promise<number> {
  await cluster.sql(DATABASE, "VACUUM ANALYZE")
  await chat.appendOnePercent()
  const before = workplace.vaultBytes()
  await once(backup())
  return workplace.vaultBytes() - before
}

function programs(cluster: Cluster): (script: string) => Command {
  const environment = {
    PGHOST: "127.0.0.1",
    PGPORT: String(cluster.port),
    PGUSER: cluster.superuser,
    PGPASSWORD: SUPERUSER_PASSWORD,
    PATH: `${cluster.binDirectory}:${process.env["PATH"] ?? ""}`,
  }
  return (script) => shell(script, environment)
}

function workplaceFor(cluster: Cluster, directory: string): Workplace {
  const passwordFile = join(directory, "password")
  writeFileSync(passwordFile, SUPERUSER_PASSWORD, { mode: 0o600 })
  return createWorkplace(
    join(directory, "database"),
    `    databases:
      main:
        postgres: { host: 127.0.0.1, port: ${cluster.port}, database: ${DATABASE}, user: ${cluster.superuser}, passwordFile: ${passwordFile} }
    run: { stop: ["true"], start: ["true"] }
`,
  )
}
