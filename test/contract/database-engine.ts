/** What every database engine promises, whatever it stores: the suite that each implementation of the port passes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { DatabaseSource } from "../../src/app/app.ts"
import type { DatabaseCapture, DatabaseEngine, DatabaseFacts, DumpSource, SchemaQueries } from "../../src/app/ports.ts"
import { isHoldfastError } from "../../src/base/errors.ts"
import type { RunContext } from "../../src/base/run-context.ts"

/** One engine on real data: at least one table with rows, in a database that this fixture alone uses. */
export interface EngineFixture<S extends DatabaseSource> {
  readonly engine: DatabaseEngine<S>
  readonly source: S
  /** The same source with another database that lies beside the live one. */
  beside(name: string): S
  /** A source of the same kind whose database does not exist. */
  readonly missing: S
  readonly schema: SchemaQueries
  /** What `schema.version` gives now. */
  readonly schemaVersion: string
  /** By which server dumps are made, where this machine's own programs may be too old to read them. */
  readonly made?: { readonly engineVersion: string; readonly image: string | null }
  /** Captures into a file, the way a vault would take it. */
  captureToFile(source: S, schema: SchemaQueries | null, ctx: RunContext): Promise<DatabaseCapture & { readonly file: string }>
  /** Hands a file over, the way a vault would give it. */
  fromFile<T>(file: string, use: (dump: DumpSource) => Promise<T>): Promise<T>
  /** A copy of the file, changed. */
  altered(file: string, change: (bytes: Buffer) => Buffer): Promise<string>
  /** Adds one row to a table that facts count. */
  addRow(): Promise<void>
  context(): RunContext
  close(): Promise<void>
}

export function databaseEngineSuite<S extends DatabaseSource>(name: string, makeFixture: () => Promise<EngineFixture<S>>): void {
  describe(`${name} keeps the promises of a database engine`, () => {
    let fixture: EngineFixture<S>
    /** For the tests that only read a dump. */
    let good: DatabaseCapture & { readonly file: string }
    beforeAll(async () => {
      fixture = await makeFixture()
      good = await fixture.captureToFile(fixture.source, null, fixture.context())
    }, 120_000)
    afterAll(async () => {
      await fixture.close()
    })

    it("says what it can without reading the data", async () => {
      const inspection = await fixture.engine.inspect(fixture.source, fixture.context())
      expect(inspection.engineVersion).toMatch(/^\d+\.\d+/)
      expect(inspection.sizeBytes).toBeGreaterThan(0)
      expect(inspection.canSwap).toEqual({ allowed: true })
    })

    it("captures facts that are those of the live database", async () => {
      const captured = await fixture.captureToFile(fixture.source, fixture.schema, fixture.context())
      const live = await fixture.engine.facts(fixture.source, null, fixture.schema, fixture.context())
      expect(comparable(captured.facts)).toEqual(comparable(live))
      expect(captured.facts.schemaVersion).toBe(fixture.schemaVersion)
      expect(Object.values(captured.facts.rows).some((rows) => rows > 0)).toBe(true)
    })

    it("reads a good dump to its end and names its tables", async () => {
      const checked = await fixture.fromFile(
        good.file,
        async (dump) => await fixture.engine.checkDump(dump, fixture.context(), fixture.made),
      )
      expect(checked.tables).toEqual(
        expect.arrayContaining(Object.keys(good.facts.rows).filter((table) => !table.startsWith("pg_catalog."))),
      )
    })

    it.each([1, 25, 50, 75, 99])("refuses a dump that was cut at %i %%", async (percent) => {
      const cut = await fixture.altered(good.file, (bytes) => bytes.subarray(0, Math.floor((bytes.length * percent) / 100)))
      expect(await refusalOf(fixture, cut)).toMatch(/^DUMP_(TRUNCATED|DAMAGED)$/)
    })

    it("refuses a dump that lacks its last byte", async () => {
      const cut = await fixture.altered(good.file, (bytes) => bytes.subarray(0, -1))
      expect(await refusalOf(fixture, cut)).toMatch(/^DUMP_(TRUNCATED|DAMAGED)$/)
    })

    it("refuses an empty dump", async () => {
      expect(await refusalOf(fixture, await fixture.altered(good.file, () => Buffer.alloc(0)))).toMatch(/^DUMP_(TRUNCATED|DAMAGED)$/)
    })

    it("refuses what is no dump at all", async () => {
      const text = await fixture.altered(good.file, () => Buffer.from("CREATE TABLE x (y int);\n".repeat(1000)))
      expect(await refusalOf(fixture, text)).toMatch(/^(DUMP_FORMAT_UNKNOWN|SQLITE_NOT_A_DATABASE|DUMP_DAMAGED)$/)
    })

    it("says that a database is missing", async () => {
      await expect(fixture.engine.inspect(fixture.missing, fixture.context())).rejects.toSatisfy(
        (thrown) => isHoldfastError(thrown, "DATABASE_MISSING") || isHoldfastError(thrown, "SOURCE_MISSING"),
      )
    })

    it("stages beside without touching the live database, and drops what it staged", async () => {
      const ctx = fixture.context()
      const names = fixture.engine.planNames(fixture.source, ctx.operationId)
      const captured = await fixture.captureToFile(fixture.source, fixture.schema, ctx)
      await fixture.addRow()
      const before = await fixture.engine.facts(fixture.source, null, fixture.schema, ctx)
      const staged = await stageFrom(fixture, captured, names.staged, ctx)
      expect(comparable(staged.facts)).toEqual(comparable(captured.facts))
      expect(comparable(await fixture.engine.facts(fixture.source, null, fixture.schema, ctx))).toEqual(comparable(before))
      await fixture.engine.drop(fixture.source, names.staged, ctx)
      await fixture.engine.drop(fixture.source, names.staged, ctx)
      expect(await fixture.engine.observe(fixture.source, names, ctx)).toEqual({ live: true, staged: false, kept: false, failed: false })
    })

    it("leaves nothing behind and nothing changed when staging fails half-way", async () => {
      const ctx = fixture.context()
      const names = fixture.engine.planNames(fixture.source, ctx.operationId)
      const captured = await fixture.captureToFile(fixture.source, fixture.schema, ctx)
      const before = await fixture.engine.facts(fixture.source, null, fixture.schema, ctx)
      const cut = await fixture.altered(captured.file, (bytes) => bytes.subarray(0, Math.floor(bytes.length * 0.8)))
      await expect(stageFrom(fixture, { ...captured, file: cut }, names.staged, ctx)).rejects.toSatisfy((thrown) => isHoldfastError(thrown))
      expect(await fixture.engine.observe(fixture.source, names, ctx)).toEqual({ live: true, staged: false, kept: false, failed: false })
      expect(comparable(await fixture.engine.facts(fixture.source, null, fixture.schema, ctx))).toEqual(comparable(before))
    })

    it("swaps in, swaps back, and does no harm when repeated", async () => {
      const ctx = fixture.context()
      const names = fixture.engine.planNames(fixture.source, ctx.operationId)
      const captured = await fixture.captureToFile(fixture.source, fixture.schema, ctx)
      await fixture.addRow()
      const newer = await fixture.engine.facts(fixture.source, null, fixture.schema, ctx)
      await stageFrom(fixture, captured, names.staged, ctx)

      for (const time of ["first", "again"]) {
        await fixture.engine.swapIn(fixture.source, names, ctx)
        expect(await fixture.engine.observe(fixture.source, names, ctx), time).toEqual({
          live: true,
          staged: false,
          kept: true,
          failed: false,
        })
        expect(comparable(await fixture.engine.facts(fixture.source, null, fixture.schema, ctx)), time).toEqual(comparable(captured.facts))
      }
      for (const time of ["first", "again"]) {
        await fixture.engine.swapBack(fixture.source, names, ctx)
        expect(await fixture.engine.observe(fixture.source, names, ctx), time).toEqual({
          live: true,
          staged: false,
          kept: false,
          failed: true,
        })
        expect(comparable(await fixture.engine.facts(fixture.source, null, fixture.schema, ctx)), time).toEqual(comparable(newer))
      }
      await fixture.engine.drop(fixture.source, names.failed, ctx)
    })

    it("says beforehand that the live database may be copied, and how large a copy is", async () => {
      const answer = await fixture.engine.canClone?.(fixture.source, fixture.context())
      expect(answer).toEqual({ possible: true, why: "", sizeBytes: expect.any(Number) as unknown })
      expect(answer?.sizeBytes).toBeGreaterThan(0)
    })

    it("copies the live database beside itself, whole and with all that belongs to it, and puts the copy in its place", async () => {
      const ctx = fixture.context()
      const names = fixture.engine.planNames(fixture.source, ctx.operationId)
      const before = await fixture.captureToFile(fixture.source, fixture.schema, ctx)

      const copied = await cloneBeside(fixture, names.kept, ctx)

      expect(copied.sizeBytes).toBeGreaterThan(0)
      expect(await fixture.engine.observe(fixture.source, names, ctx)).toEqual({ live: true, staged: false, kept: true, failed: false })
      expect(comparable(await fixture.engine.facts(fixture.source, names.kept, fixture.schema, ctx))).toEqual(comparable(before.facts))
      const ofCopy = await fixture.captureToFile(fixture.beside(names.kept), fixture.schema, ctx)
      expect([comparable(ofCopy.facts), ofCopy.shape]).toEqual([comparable(before.facts), before.shape])
      await fixture.addRow()
      const newer = comparable(await fixture.engine.facts(fixture.source, null, fixture.schema, ctx))
      expect(newer).not.toEqual(comparable(before.facts))
      expect(comparable(await fixture.engine.facts(fixture.source, names.kept, fixture.schema, ctx))).toEqual(comparable(before.facts))
      for (const time of ["first", "again"]) {
        await fixture.engine.swapBack(fixture.source, names, ctx)
        expect(await fixture.engine.observe(fixture.source, names, ctx), time).toEqual({
          live: true,
          staged: false,
          kept: false,
          failed: true,
        })
        const back = await fixture.captureToFile(fixture.source, fixture.schema, ctx)
        expect([comparable(back.facts), back.shape], time).toEqual([comparable(before.facts), before.shape])
      }
      await fixture.engine.drop(fixture.source, names.failed, ctx)
    })

    it("never copies over a copy that is whole", async () => {
      const ctx = fixture.context()
      const names = fixture.engine.planNames(fixture.source, ctx.operationId)
      await cloneBeside(fixture, names.kept, ctx)
      const first = comparable(await fixture.engine.facts(fixture.source, names.kept, fixture.schema, ctx))
      await fixture.addRow()

      await expect(cloneBeside(fixture, names.kept, ctx)).rejects.toSatisfy((thrown) => isHoldfastError(thrown, "TARGET_NOT_EMPTY"))

      expect(comparable(await fixture.engine.facts(fixture.source, names.kept, fixture.schema, ctx))).toEqual(first)
      await fixture.engine.drop(fixture.source, names.kept, ctx)
      expect(await fixture.engine.observe(fixture.source, names, ctx)).toEqual({ live: true, staged: false, kept: false, failed: false })
    })

    it("makes no copy when it is cancelled", async () => {
      const cancelled = new AbortController()
      const reason = new Error("cancelled by the test")
      cancelled.abort(reason)
      const ctx = fixture.context()
      const names = fixture.engine.planNames(fixture.source, ctx.operationId)
      await expect(cloneBeside(fixture, names.kept, { ...ctx, signal: cancelled.signal })).rejects.toBe(reason)
      expect(await fixture.engine.observe(fixture.source, names, ctx)).toEqual({ live: true, staged: false, kept: false, failed: false })
    })

    it("refuses to drop the live database", async () => {
      const ctx = fixture.context()
      const { live } = fixture.engine.planNames(fixture.source, ctx.operationId)
      await expect(fixture.engine.drop(fixture.source, live, ctx)).rejects.toSatisfy((thrown) => isHoldfastError(thrown, "TARGET_IS_LIVE"))
    })

    it("stops when it is cancelled", async () => {
      const cancelled = new AbortController()
      const reason = new Error("cancelled by the test")
      cancelled.abort(reason)
      const ctx = { ...fixture.context(), signal: cancelled.signal }
      await expect(fixture.engine.facts(fixture.source, null, null, ctx)).rejects.toBe(reason)
    })
  })
}

/** Sizes on disk differ between a grown and a restored database; everything else must not. */
function comparable(facts: DatabaseFacts): Omit<DatabaseFacts, "sizeBytes"> {
  const { sizeBytes: _sizeBytes, ...rest } = facts
  return rest
}

async function cloneBeside<S extends DatabaseSource>(
  fixture: EngineFixture<S>,
  name: string,
  ctx: RunContext,
): Promise<{ readonly sizeBytes: number }> {
  if (fixture.engine.cloneBeside === undefined) throw new Error("this engine copies nothing")
  return await fixture.engine.cloneBeside(fixture.source, name, ctx)
}

async function stageFrom<S extends DatabaseSource>(
  fixture: EngineFixture<S>,
  captured: DatabaseCapture & { readonly file: string },
  name: string,
  ctx: RunContext,
): Promise<{ facts: DatabaseFacts }> {
  return await fixture.fromFile(
    captured.file,
    async (dump) => await fixture.engine.stage(fixture.source, name, dump, captured.shape, fixture.schema, ctx),
  )
}

async function refusalOf<S extends DatabaseSource>(fixture: EngineFixture<S>, file: string): Promise<string> {
  try {
    await fixture.fromFile(file, async (dump) => await fixture.engine.checkDump(dump, fixture.context(), fixture.made))
    return "accepted"
  } catch (thrown) {
    return isHoldfastError(thrown) ? thrown.code : `not ours: ${String(thrown)}`
  }
}
