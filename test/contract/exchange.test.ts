/** Foreign dumps of a real server: whole ones load, every cut is refused before psql or pg_restore could take it for a success (faults F33 to F41, F54). */
import { execFile } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, expect, it } from "vitest"
import { emptyShape } from "../../src/app/ports.ts"
import { asDump } from "../../src/exchange/plain-file.ts"
import { plainScript } from "../../src/exchange/plain-script.ts"
import { recognise } from "../../src/exchange/recognise.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { fillChatData } from "../fixture/postgres/chat-data.ts"
import { startCluster, SUPERUSER_PASSWORD, type Cluster } from "../fixture/postgres/cluster.ts"
import { engineBench, type EngineBench } from "../fixture/postgres/engine.ts"
import { sampled } from "../fixture/size.ts"

const run = promisify(execFile)
const percents = Array.from({ length: 99 }, (_, index) => index + 1)

let cluster: Cluster
let bench: EngineBench
let plain: Buffer = Buffer.alloc(0)
let custom: Buffer = Buffer.alloc(0)
let made = 0

async function dump(...args: string[]): Promise<Buffer> {
  const all = ["--host=127.0.0.1", `--port=${cluster.port}`, "--username=admin", ...args, "chat"]
  const options = { encoding: "buffer", env: { ...process.env, PGPASSWORD: SUPERUSER_PASSWORD }, maxBuffer: 64 * 1024 * 1024 } as const
  return (await run(join(cluster.binDirectory, "pg_dump"), all, options)).stdout
}

async function file(bytes: Buffer): Promise<string> {
  made += 1
  const path = join(bench.directory, `foreign-${made}`)
  await writeFile(path, bytes)
  return path
}

const target = (): string => join(bench.directory, `script-${(made += 1)}`)
const script = async (bytes: Buffer): Promise<string> =>
  await plainScript(await recognise(await file(bytes)), target(), new AbortController().signal)

describeNeeding("postgres")("a foreign dump", () => {
  beforeAll(async () => {
    cluster = await startCluster()
    bench = await engineBench()
    await cluster.sql("postgres", "CREATE DATABASE chat")
    const client = await cluster.connect("chat")
    await fillChatData(client, { megabytes: 0.2 })
    await client.query(
      String.raw`INSERT INTO users (name) VALUES (E'\\! id'), (E'\\.'), (E'a\nb\tc\\'), ('COPY x FROM PROGRAM ''y'';'), ('-- PostgreSQL database dump complete')`,
    )
    await client.query(String.raw`CREATE FUNCTION odd() RETURNS text LANGUAGE sql AS $_$ SELECT E'\'\n
\! id
'; $_$`)
    await client.query(String.raw`COMMENT ON TABLE users IS E'it''s
\\restrict abc
here'`)
    await client.end()
    plain = await dump("--format=plain")
    custom = await dump("--format=custom")
  })
  afterAll(async () => {
    await bench.close()
    await cluster.stop()
  })

  it("in plain form loads into a throwaway server as what it was, for the user who is to own it", async () => {
    const path = await script(plain)
    const majorVersion = "newest"
    const shape = emptyShape
    const ctx = bench.context()
    const source = cluster.source("chat", { user: "app_owner" })
    await bench.engine.scratch(
      source,
      { image: null, majorVersion, shape, directory: bench.directory, superuser: "app_owner" },
      async (server, scratchCtx) => {
        expect(server.user).toBe("app_owner")
        const ownerless = await script(await dump("--format=plain", "--no-owner"))
        await asDump(ownerless, async (opened) => await bench.engine.loadPlain?.(server, "mine", opened, scratchCtx))
        expect((await bench.engine.facts(server, "mine", null, scratchCtx)).rows).toEqual(
          (await bench.engine.facts(cluster.source("chat"), null, null, ctx)).rows,
        )
        const owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'users'"
        expect(await bench.engine.query(server, "mine", owner, scratchCtx)).toEqual([["app_owner"]])
        const names = "SELECT string_agg(name, '|' ORDER BY id) FROM public.users"
        expect((await bench.engine.query(server, "mine", names, scratchCtx))[0]?.[0]).toBe(await cluster.value("chat", names))
        const body = "SELECT prosrc FROM pg_proc WHERE proname = 'odd'"
        expect((await bench.engine.query(server, "mine", body, scratchCtx))[0]?.[0]).toBe(await cluster.value("chat", body))
        // Its owner is not there: the first error stops it, and nothing of it stays.
        const failed = asDump(path, async (opened) => await bench.engine.loadPlain?.(server, "theirs", opened, scratchCtx))
        await expect(failed).rejects.toMatchObject({
          code: "DATABASE_RESTORE_FAILED",
          why: expect.stringContaining('role "admin" does not exist'),
        })
        expect(
          await bench.engine.query(server, "theirs", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", scratchCtx),
        ).toEqual([["0"]])
      },
      ctx,
    )
  })

  it("in plain form is refused at every cut, although psql would take it", async () => {
    for (const percent of percents) {
      const bytes = plain.subarray(0, Math.floor((plain.length * percent) / 100))
      if (bytes.length < 200) continue
      await expect(script(bytes), `cut at ${percent} %`).rejects.toMatchObject({ code: "DUMP_TRUNCATED" })
    }
    const end = plain.lastIndexOf("complete")
    await expect(script(plain.subarray(0, end + 7))).rejects.toMatchObject({ code: "DUMP_TRUNCATED" })
  })

  it("in gzip is refused at every cut and with a flipped byte, and taken whole", async () => {
    const zipped = gzipSync(plain)
    for (const percent of sampled(percents.slice(5), 6)) {
      const bytes = zipped.subarray(0, Math.floor((zipped.length * percent) / 100))
      await expect(script(bytes), `cut at ${percent} %`).rejects.toMatchObject({ code: "DUMP_TRUNCATED" })
    }
    await expect(script(zipped.subarray(0, -1))).rejects.toMatchObject({ code: "DUMP_TRUNCATED" })
    const flipped = Buffer.from(zipped)
    flipped[zipped.length - 6] = (flipped[zipped.length - 6] ?? 0) ^ 1
    await expect(script(flipped)).rejects.toMatchObject({ code: "DUMP_DAMAGED" })
    await expect(script(zipped)).resolves.toBeTypeOf("string")
  })

  it("in custom form is refused at every cut", async () => {
    const cuts = [...sampled(percents, 9).map((percent) => Math.floor((custom.length * percent) / 100)), custom.length - 1]
    for (const length of cuts) {
      const path = await file(custom.subarray(0, length))
      const checked = asDump(path, async (source) => await bench.engine.checkDump(source, bench.context()))
      await expect(checked, `${length} of ${custom.length} bytes`).rejects.toMatchObject({
        code: expect.stringMatching(/^DUMP_(TRUNCATED|DAMAGED)$/),
      })
    }
  })

  it("of a newer server than the programs here is refused by the version, before and after a look into it", async () => {
    const whole = await file(custom)
    const check = async (path: string, engineVersion: string): Promise<unknown> =>
      await asDump(path, async (source) => await bench.engine.checkDump(source, bench.context(), { engineVersion, image: null }))
    await expect(check(whole, "99.1")).rejects.toMatchObject({ code: "DATABASE_CLIENT_TOO_OLD" })
    await expect(check(whole, "15.1")).resolves.toMatchObject({ tables: expect.arrayContaining(["public.users"]) })
    const newer = Buffer.from(custom)
    // The archive's own format version follows its five magic bytes.
    newer[6] = 99
    await expect(check(await file(newer), "15.1")).rejects.toMatchObject({ code: "DATABASE_CLIENT_TOO_OLD" })
  })

  it("is recognised by its content", async () => {
    expect(await recognise(await file(custom))).toMatchObject({ format: "postgres-custom", gzipped: false })
    expect(await recognise(await file(gzipSync(custom)))).toMatchObject({ format: "postgres-custom", gzipped: true })
    expect(await recognise(await file(plain))).toMatchObject({ format: "postgres-plain", gzipped: false })
    await expect(recognise(await file(await dump("--format=tar")))).rejects.toMatchObject({ code: "DUMP_FORMAT_UNKNOWN" })
    await expect(recognise(await file(Buffer.alloc(0)))).rejects.toMatchObject({ code: "DUMP_TRUNCATED" })
  })

  it("with commands for psql or the server's shell is refused", async () => {
    const text = plain.toString("latin1")
    for (const planted of [String.raw`\! touch /tmp/x`, "COPY public.users FROM PROGRAM 'id';", String.raw`SELECT 1 \gexec`]) {
      const bytes = Buffer.from(text.replace("\nSET ", `\n${planted}\nSET `), "latin1")
      await expect(script(bytes), planted).rejects.toMatchObject({ code: "DUMP_DAMAGED" })
    }
  })

  it("of a newer pg_dump, with its locks, is the same script without them", async () => {
    const bare = plain.toString("latin1").replaceAll(/^\\(un)?restrict .*\n/gm, "")
    const locked = Buffer.from(bare.replace("\nSET ", "\n\\restrict abc123\n\nSET ") + "\n\\unrestrict abc123\n\n", "latin1")
    const words = async (bytes: Buffer): Promise<string> => (await readFile(await script(bytes), "latin1")).replaceAll(/\n+/g, "\n")
    expect(await words(locked)).toBe(await words(Buffer.from(bare, "latin1")))
  })
})
